"""What a merchant may set of the widget's looks, and what is made of it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.console.launcher_icons import ICON_PATHS
from server.shops.appearance import (
    DEFAULTS,
    ICONS,
    MAX_RULES,
    SETTINGS,
    merged_appearance,
    readable_appearance,
    require_appearance,
    resolved_appearance,
    session_appearance,
)
from server.shops.contrast import BODY, READABLE, SURFACE_CONTRAST, contrast, palette_of, surface_of
from server.shops.launcher import launcher_of
from server.shops.readability import appearance_notes

ROOT = Path(__file__).parents[3]
CASES = json.loads((ROOT / "tests" / "payloads" / "contrast_cases.json").read_text())
COLORS = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)


def resolved(**appearance: Any) -> dict[str, Any]:
    assert require_appearance(appearance) == []
    return resolved_appearance(appearance, "Fern & Field", may_hide_branding=True)


WHOLE: dict[str, Any] = {
    "accent": "#c2410c",
    "accent_dark": "#fb923c",
    "background": "#fffaf5",
    "background_dark": "#101010",
    "theme": "dark",
    "font": "'Open Sans', Inter, -apple-system, sans-serif",
    "radius": 0,
    "name": "Fern",
    "logo_url": "https://fern.example/logo.png",
    "avatar_url": "https://fern.example/a.png?s=2",
    "launcher": {"icon": "bag", "icon_url": "https://fern.example/i.png", "label": "Help 👩‍👧", "shape": "pill"},
    "position": "left",
    "offset": {"x": 0, "y": 300},
    "phone": {"hidden": True},
    "desktop": {"position": "right", "offset": {"y": 40}},
    "rules": [
        {"match": "/checkout*", "device": "phone", "hidden": True, "position": "left"},
        {"match": "https://fern.example/sale/*", "greeting": "Sale!\nAsk.", "suggestions": ["How much?"]},
    ],
    "nudges": [{"match": "/p/*", "device": "desktop", "text": "Which size?", "after_s": 5, "scroll": 50, "exit": True}],
    "quiet": {"max_per_page_load": 0, "hours_after_close": 720},
    "variables": {"--aisle-bubble": "#abc", "--aisle-line": "rgb(20 30 25 / 8%)", "--aisle-card": "1.5px"},
    "sound": True,
    "images": True,
    "hide_branding": True,
    "consent": True,
}


def test_every_setting_can_be_set_and_is_kept_as_given() -> None:
    assert set(WHOLE) == set(SETTINGS) == set(DEFAULTS)
    assert require_appearance(WHOLE) == []
    assert merged_appearance({}, WHOLE) == readable_appearance(WHOLE) == WHOLE
    assert resolved(**WHOLE)["launcher"] == WHOLE["launcher"]


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"accent": "red"}, "appearance.accent", "#2f6f4f"),
    ({"accent": "#abc"}, "appearance.accent", "#2f6f4f"),
    ({"radius": 29}, "appearance.radius", "from 0 to 28"),
    ({"radius": True}, "appearance.radius", "whole number"),
    ({"theme": ["dark"]}, "appearance.theme", "one of auto, light, dark"),
    ({"logo_url": "http://a.example/x.png"}, "appearance.logo_url", "https"),
    ({"avatar_url": "https://a.example/x.png\n"}, "appearance.avatar_url", "https"),
    ({"avatar_url": "https://me:pass@a.example/"}, "appearance.avatar_url", "https"),
    ({"launcher": {"icon": "skull"}}, "appearance.launcher.icon", "one of bubble"),
    ({"launcher": {"label": "x" * 41}}, "appearance.launcher.label", "1 to 40"),
    ({"launcher_label": "x" * 41}, "appearance.launcher_label", "1 to 40"),
    ({"launcher": "bag"}, "appearance.launcher", "object"),
    ({"offset": {"x": -1}}, "appearance.offset.x", "from 0 to 300"),
    ({"phone": {"hidden": "yes"}}, "appearance.phone.hidden", "true or false"),
    ({"phone": {"shown": True}}, "appearance.phone.shown", "hidden, position, offset"),
    ({"rules": [{"match": "/a"}, {"match": "/a"}, {"match": "checkout"}]}, "appearance.rules[2].match", "/checkout*"),
    ({"rules": [{"match": "/*a*b*c*d*"}]}, "appearance.rules[0].match", "at most 4"),
    ({"rules": [{"match": "https://*.example/a"}]}, "appearance.rules[0].match", "/checkout*"),
    ({"rules": [{"match": "javascript:alert(1)"}]}, "appearance.rules[0].match", "/checkout*"),
    ({"rules": [{"hidden": True}]}, "appearance.rules[0].match", "missing"),
    ({"rules": [{"match": "/"}] * (MAX_RULES + 1)}, "appearance.rules", "at most 20 entries; it has 21"),
    ({"rules": [{"match": "/", "suggestions": ["a"] * 5}]}, "appearance.rules[0].suggestions", "at most 4"),
    ({"rules": [{"match": "/", "suggestions": ["a", ""]}]}, "appearance.rules[0].suggestions[1]", "1 to 80"),
    ({"nudges": [{"match": "/", "text": "two\nlines"}]}, "appearance.nudges[0].text", "in one line"),
    ({"nudges": [{"match": "/", "text": "x", "after_s": 4}]}, "appearance.nudges[0].after_s", "seconds"),
    ({"quiet": {"max_per_page_load": 4}}, "appearance.quiet.max_per_page_load", "from 0 to 3"),
    ({"variables": {"--aisle-shadow": "#fff"}}, "appearance.variables.--aisle-shadow", "not a known setting"),
    ({"sound": 1}, "appearance.sound", "true or false"),
    ({"colour": "#ffffff"}, "appearance.colour", "not a known setting"),
    ({"name": "a\x00b"}, "appearance.name", "1 to 60"),
]


@pytest.mark.parametrize(("change", "field", "words"), WRONG, ids=lambda value: str(value)[:50])
def test_what_cannot_be_kept_is_named_with_a_way_to_mend_it(change: dict[str, Any], field: str, words: str) -> None:
    [error] = require_appearance(change)
    assert error.field == field
    assert words in error.message


def test_all_that_is_wrong_is_named_at_once() -> None:
    wrong = {"accent": "red", "rules": [{"match": "a", "hidden": 1}, {"match": "b"}], "offset": {"x": 1, "y": 999}}
    assert [error.field for error in require_appearance(wrong)] == [
        "appearance.accent",
        "appearance.rules[0].match",
        "appearance.rules[0].hidden",
        "appearance.rules[1].match",
        "appearance.offset.y",
    ]


BREAKING = "red; background: url(https://evil.example)"


@given(st.text(max_size=60))
@example(BREAKING)
@example("#fff}")
@example("rgb(0 0 0);x:url(a)")
@example("1px\n")
@example("expression(1)")
@example("var(--x)")
@example("\\75rl(a)")
def test_no_variable_breaks_out_of_its_declaration(value: str) -> None:
    if not require_appearance({"variables": {"--aisle-bubble": value}}):
        assert re.fullmatch(r"[#a-z0-9A-F.,%/ ()]+", value)
        assert not re.search(r"url|var|expression|image", value)


@given(st.text(alphabet="abZ09 ,'\"-;{}()\\/:\n<é", max_size=125))
@example("Inter'; color: red")
@example("'Inter")
@example("url(x)")
@example('Inter, "Open, Sans"')
def test_no_font_breaks_out_of_its_declaration(value: str) -> None:
    if not require_appearance({"font": value}):
        outside = re.sub(r"'[^']*'|\"[^\"]*\"", "", value)
        assert re.fullmatch(r"[A-Za-z0-9 ,'\"-]{1,120}", value)
        assert "'" not in outside and '"' not in outside


def test_a_change_replaces_single_settings_and_null_takes_one_back() -> None:
    stored = {"accent": "#111111", "launcher": {"icon": "bag", "label": "Hi"}, "rules": [{"match": "/a"}]}
    assert merged_appearance(stored, {"theme": "dark"}) == stored | {"theme": "dark"}
    assert merged_appearance(stored, {"launcher": {"shape": "pill"}})["launcher"] == {"shape": "pill"}
    assert "accent" not in merged_appearance(stored, {"accent": None})
    assert merged_appearance(stored, {"rules": []})["rules"] == []
    assert merged_appearance(stored, {}) == stored
    assert merged_appearance(stored, None) == {}


def test_the_old_name_of_the_label_is_taken_and_read() -> None:
    old = {"accent": "#111111", "launcher_label": "Ask us"}
    assert readable_appearance(old) == {"accent": "#111111", "launcher": {"label": "Ask us"}}
    assert merged_appearance(old, {"theme": "light"})["launcher"] == {"label": "Ask us"}
    changed = merged_appearance({"launcher": {"icon": "bag", "label": "A"}}, {"launcher_label": "B"})
    assert changed["launcher"] == {"icon": "bag", "label": "B"}
    assert merged_appearance(changed, {"launcher_label": None})["launcher"] == {"icon": "bag"}


def test_what_older_rules_let_in_is_read_as_not_set() -> None:
    stored = {"accent": "#111111", "avatar_url": "https://a b", "shadow": 3, "theme": "dim", "rules": [{"match": 4}]}
    assert readable_appearance(stored) == {"accent": "#111111"}


def test_the_widget_is_told_every_setting() -> None:
    told = session_appearance(resolved(launcher={"label": "Ask"}, offset={"y": 90}))
    assert set(told) == set(SETTINGS) - {"nudges", "quiet"} | {"palette"}
    assert told["name"] == "Fern & Field"
    assert told["offset"] == {"x": 20, "y": 90}
    assert told["launcher"] == {"icon": "bubble", "icon_url": None, "label": "Ask", "shape": "squircle"}


@given(COLORS, COLORS)
def test_every_colour_that_the_widget_is_told_can_be_read(accent: str, background: str) -> None:
    for palette in session_appearance(resolved(accent=accent, background=background))["palette"].values():
        assert contrast(palette["accent"], palette["ink"]) >= READABLE
        assert contrast(palette["surface"], palette["body"]) >= SURFACE_CONTRAST
        for name in ("text", "muted", "good", "bad"):
            assert contrast(palette[name], palette["surface"]) >= READABLE, name


@pytest.mark.parametrize("plan", [True, False])
def test_branding_is_hidden_only_where_the_plan_has_it(plan: bool) -> None:
    told = resolved_appearance({"hide_branding": True}, "Fern", may_hide_branding=plan)
    assert told["hide_branding"] is plan


def test_the_launcher_is_resolved() -> None:
    told = launcher_of(resolved(**WHOLE | {"accent_dark": None, "nudges": [{"match": "/p/*", "text": "Which size?"}]}))
    assert (told.accent, told.ink) == ("#c2410c", "#ffffff")
    assert told.accent_dark == "#c2410c", "the brand colour, where there is none for the dark"
    assert told.phone == {"hidden": True, "position": "left", "offset": {"x": 0, "y": 300}}
    assert told.desktop == {"hidden": False, "position": "right", "offset": {"x": 0, "y": 40}}
    assert told.rules == [{"match": "/checkout*", "device": "phone", "hidden": True, "position": "left"}]
    nudge = {"match": "/p/*", "device": None, "text": "Which size?", "after_s": 30, "scroll": None, "exit": None}
    assert told.nudges == [nudge]


def test_palettes_are_those_of_the_widget() -> None:
    assert CASES["palettes"]
    for case in CASES["palettes"]:
        palette = palette_of(case["accent"], case["scheme"], case["hardest"])
        assert (palette.accent, palette.ink, palette.text) == (case["fill"], case["ink"], case["text"]), case


@pytest.mark.parametrize("case", CASES["surfaces"], ids=lambda case: f"{case['background']}-{case['wanted']}")
def test_surfaces_are_those_of_the_widget(case: dict[str, Any]) -> None:
    surface = surface_of(case["background"], case["wanted"])
    assert (surface.scheme, surface.color, surface.hardest) == (case["scheme"], case["color"], case["hardest"])


@pytest.mark.parametrize("case", CASES["contrasts"], ids=lambda case: f"{case['one']}-{case['other']}")
def test_contrasts_are_those_of_the_widget(case: dict[str, Any]) -> None:
    assert contrast(case["one"], case["other"]) == pytest.approx(case["ratio"], abs=1e-3)


@given(COLORS, st.sampled_from(["light", "dark"]))
def test_every_brand_colour_ends_readable(accent: str, scheme: Any) -> None:
    palette = palette_of(accent, scheme)
    assert contrast(palette.accent, palette.ink) >= READABLE


def test_notes_tell_what_cannot_be_read_and_what_is_done() -> None:
    assert appearance_notes(resolved(accent="#2f6f4f")) == []
    [note] = appearance_notes(resolved(accent="#f5c518", theme="light"))
    assert note.field == "appearance.accent"
    assert "4.5 is needed" in note.message
    assert palette_of("#f5c518", "light").text in note.message
    fields = [note.field for note in appearance_notes(resolved(accent="#fafafa", accent_dark="#2b2e33"))]
    assert fields == ["appearance.accent", "appearance.accent_dark"]


@given(COLORS, st.sampled_from(["light", "dark"]))
def test_every_background_ends_readable(background: str, wanted: Any) -> None:
    surface = surface_of(background, wanted)
    assert contrast(surface.color, BODY[surface.scheme]) >= SURFACE_CONTRAST


def test_a_background_is_noted_where_it_is_moved_or_turns_the_look() -> None:
    assert appearance_notes(resolved(background="#fffaf5")) == []
    notes = appearance_notes(resolved(background="#777777", theme="light", accent="#ffffff"))
    assert any(note.field == "appearance.background" and "instead" in note.message for note in notes)
    [note] = appearance_notes(resolved(background="#101010", theme="light", accent="#63b48c"))
    assert note.field == "appearance.background"
    assert "looks dark" in note.message
    inks = {"--aisle-bubble": "#777777", "--aisle-bubble-ink": "#888888"}
    assert [note.field for note in appearance_notes(resolved(variables=inks))] == [
        "appearance.variables.--aisle-bubble-ink"
    ]


@given(COLORS, COLORS, st.sampled_from(["auto", "light", "dark"]))
def test_every_correction_of_a_fill_is_noted(accent: str, dark: str, theme: str) -> None:
    look = resolved(accent=accent, accent_dark=dark, theme=theme)
    noted = {note.field for note in appearance_notes(look)}
    if theme != "dark":
        assert "appearance.accent" in noted or palette_of(accent, "light").text == accent
    if theme != "light":
        assert "appearance.accent_dark" in noted or palette_of(dark, "dark").text == dark


def test_the_icons_are_the_launchers() -> None:
    source = "".join(file.read_text() for file in (ROOT / "widget" / "src").glob("*.ts"))
    assert tuple(ICON_PATHS) == ICONS
    assert [icon for icon, path in ICON_PATHS.items() if f'"{path}"' not in source] == []
