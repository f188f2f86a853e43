from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tokpik', '0003_roles'),
    ]

    operations = [
        migrations.CreateModel(
            name='Rollup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=50, unique=True)),
                ('value', models.JSONField()),
                ('taken_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': '집계',
                'verbose_name_plural': '집계',
            },
        ),
    ]
