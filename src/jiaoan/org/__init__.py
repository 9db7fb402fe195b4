"""Organisations 组织, posts 岗位, people and roles of a bureau and the firms it supervises."""
