from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("watch", "0010_endings"),
    ]

    operations = [
        migrations.AlterField(
            model_name="command",
            name="kind",
            field=models.CharField(
                choices=[
                    ("text", "Text to the driver"),
                    ("locate", "Roll call"),
                    ("read", "Read parameters"),
                    ("set", "Set parameters"),
                    ("attachment", "Fetch attachments of an alarm"),
                    ("photo", "Take pictures"),
                    ("search", "Search stored media"),
                    ("fetch_media", "Fetch stored media"),
                    ("fetch_medium", "Fetch one stored medium"),
                    ("track", "Temporary tracking"),
                    ("untrack", "End of temporary tracking"),
                    ("set_area", "Area sent to the terminal"),
                    ("delete_area", "Area taken away from the terminal"),
                    ("ask_areas", "Question which areas it holds"),
                ],
                max_length=20,
            ),
        ),
    ]
