"""What terminals send besides positions: electronic waybills 电子运单, pictures and other media."""
