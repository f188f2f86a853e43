"""The catalogue's tables, and the function by which words are compared without regard to case."""

import json
import sys

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import tokpik.text
import topics.models
from django.conf import settings
from django.db import migrations, models

# Each letter that Python's casefold() changes. Databases fold differently from one another, by their locale ("ß", "Σ").
LETTERS = {
    letter: letter.casefold() for letter in map(chr, range(sys.maxunicode + 1)) if letter.casefold() != letter
}
# As `unicodedata.normalize("NFC", word).casefold()` in Python. ASCII and Hangul take the short way.
FOLD = f"""
CREATE FUNCTION topics_fold(word text) RETURNS text IMMUTABLE STRICT PARALLEL SAFE LANGUAGE plpgsql AS $$
BEGIN
    IF word ~ '^[ -~가-힣]*$' THEN
        RETURN lower(word COLLATE "C");
    END IF;
    RETURN (
        SELECT string_agg(coalesce('{json.dumps(LETTERS, ensure_ascii=False)}'::jsonb ->> letter, letter), '' ORDER BY place)
        FROM unnest(string_to_array(normalize(word), NULL)) WITH ORDINALITY AS letters (letter, place)
    );
END
$$
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(FOLD, "DROP FUNCTION topics_fold"),
        migrations.CreateModel(
            name='PlaceTag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content', tokpik.text.TrimmedCharField(max_length=50, unique=True, verbose_name='이름')),
                ('position', topics.models.PositionField(blank=True, null=True, verbose_name='순서')),
            ],
            options={
                'verbose_name': '장소 태그',
                'verbose_name_plural': '장소 태그',
                'ordering': ['position', 'pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='TopicTag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content', tokpik.text.TrimmedCharField(max_length=50, unique=True, verbose_name='이름')),
                ('position', topics.models.PositionField(blank=True, null=True, verbose_name='순서')),
            ],
            options={
                'verbose_name': '주제 태그',
                'verbose_name_plural': '주제 태그',
                'ordering': ['position', 'pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Situation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', tokpik.text.TrimmedCharField(blank=True, max_length=50, unique=True, verbose_name='상황')),
                ('folded', models.GeneratedField(db_persist=True, expression=models.Func(models.F('text'), function='topics_fold'), output_field=models.TextField())),
            ],
            options={
                'verbose_name': '상황',
                'verbose_name_plural': '상황',
                'indexes': [models.Index(fields=['folded'], name='situation_folded')],
            },
        ),
        migrations.CreateModel(
            name='Topic',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', tokpik.text.TrimmedCharField(max_length=100, validators=[django.core.validators.RegexValidator('^[^&#%+]*$', '제목에는 & # %% + 를 쓸 수 없습니다.')], verbose_name='제목')),
                ('subtitle', tokpik.text.TrimmedCharField(max_length=200, verbose_name='부제')),
                ('purposes', django.contrib.postgres.fields.ArrayField(base_field=tokpik.text.TrimmedCharField(max_length=50), blank=True, default=list, size=None, verbose_name='목적')),
                ('moods', django.contrib.postgres.fields.ArrayField(base_field=tokpik.text.TrimmedCharField(max_length=50), blank=True, default=list, size=None, verbose_name='분위기')),
                ('partner_gender', models.CharField(blank=True, choices=[('male', '남성'), ('female', '여성')], max_length=6, null=True, verbose_name='상대 성별')),
                ('partner_age_lower', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(120)], verbose_name='상대 나이 하한')),
                ('partner_age_upper', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(120)], verbose_name='상대 나이 상한')),
                ('status', models.CharField(choices=[('draft', '초안'), ('published', '게시'), ('hidden', '숨김')], default='draft', max_length=9, verbose_name='상태')),
                ('source', models.CharField(choices=[('curated', '직접 작성'), ('generated', 'AI 작성')], default='curated', max_length=9, verbose_name='출처')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='만든 때')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='고친 때')),
                ('made_for', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='topics_made', to=settings.AUTH_USER_MODEL, verbose_name='요청한 사용자')),
                ('place_tag', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='topics', to='topics.placetag', verbose_name='장소 태그')),
                ('situation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='topics', to='topics.situation', verbose_name='상황')),
                ('topic_tag', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='topics', to='topics.topictag', verbose_name='주제 태그')),
            ],
            options={
                'verbose_name': '주제',
                'verbose_name_plural': '주제',
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='TopicDetail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', topics.models.PositionField(blank=True, null=True, verbose_name='순서')),
                ('title', tokpik.text.TrimmedCharField(max_length=100, verbose_name='제목')),
                ('content', tokpik.text.TrimmedTextField(max_length=2000, verbose_name='내용')),
                ('topic', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='details', to='topics.topic', verbose_name='주제')),
            ],
            options={
                'verbose_name': '상세',
                'verbose_name_plural': '상세',
                'ordering': ['position', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('title', ''), _negated=True), models.Q(('content', ''), _negated=True)), name='topic_detail_texts_not_blank')],
            },
        ),
        migrations.AddConstraint(
            model_name='topic',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('title', ''), _negated=True), models.Q(('subtitle', ''), _negated=True)), name='topic_texts_not_blank'),
        ),
        migrations.AddConstraint(
            model_name='topic',
            constraint=models.CheckConstraint(condition=models.Q(('partner_age_lower__lte', 120), ('partner_age_lower', None), _connector='OR'), name='topic_age_lower_in_range'),
        ),
        migrations.AddConstraint(
            model_name='topic',
            constraint=models.CheckConstraint(condition=models.Q(('partner_age_upper__lte', 120), ('partner_age_upper', None), _connector='OR'), name='topic_age_upper_in_range'),
        ),
        migrations.AddConstraint(
            model_name='topic',
            constraint=models.CheckConstraint(condition=models.Q(('partner_age_lower__lte', models.F('partner_age_upper')), ('partner_age_lower', None), ('partner_age_upper', None), _connector='OR'), name='topic_ages_ordered', violation_error_message='나이 하한이 상한보다 클 수 없습니다.'),
        ),
    ]
