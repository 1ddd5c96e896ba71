"""The launcher's icons, so that a merchant chooses by sight: the paths that the loader draws (`widget/src`), held to
them by a test."""

from collections.abc import Mapping

ICON_PATHS: Mapping[str, str] = {
    "bubble": "M12 4a8 8 0 1 1-4 15l-4 1 1-4a8 8 0 0 1 7-12ZM8.5 12h0m3.5 0h0m3.5 0h0",
    "question": "M8 9a4 4 0 1 1 6 3q-2 1-2 3m0 4h0",
    "bag": "M5 8h14l1 12H4ZM8 11V8a4 4 0 0 1 8 0v3",
    "sparkle": "M11 4q1 7 8 8-7 1-8 8-1-7-8-8 7-1 8-8m8-1v4m-2-2h4",
    "headset": "M4 15v-3a8 8 0 0 1 16 0v3M4 14h1q3 0 3 3t-3 3h-1Zm16 0h-1q-3 0-3 3t3 3h1Z",
}
