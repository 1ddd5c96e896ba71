"""What browsers let a chat store that stands in another site's page, one init script for each way.

The pinned Chromium is a headless shell: it has no content settings, so no flag or preference blocks storage in it
(tried with 153). `blocked` does what Debian's Chromium 156 was seen to do with third-party storage blocked: both
storages throw on access, databases and locks fail, channels and shared workers stay. With such a browser
(`AISLE_CHROMIUM`) the script changes nothing. Firefox denies channels as well. Safari and Brave give frames a storage
of their own for each site, and empty it: `ephemeral` does so with every load.
"""

_IN_FRAME = 'if (self !== top && location.hostname === "localhost") {{ {} }}'
_DENY = """
for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, { get() { throw new DOMException("Access is denied", "SecurityError"); } });
"""
_DENY_MORE = """
indexedDB.open = () => { throw new DOMException("denied", "UnknownError"); };
if (navigator.locks) navigator.locks.request = async () => { throw new DOMException("denied", "SecurityError"); };
"""
_NO_CHANNEL = """
window.BroadcastChannel = class { constructor() { throw new DOMException("denied", "SecurityError"); } };
"""
_FULL = """
Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
"""

SCRIPTS = {
    "allowed": "",
    "blocked": _IN_FRAME.format(_DENY + _DENY_MORE),
    "no channel": _IN_FRAME.format(_DENY + _DENY_MORE + _NO_CHANNEL),
    "none": _IN_FRAME.format('Object.defineProperty(window, "localStorage", { value: null });'),
    "full": _IN_FRAME.format(_FULL),
    "ephemeral": _IN_FRAME.format("try { localStorage.clear(); } catch {}"),
    "page full": _IN_FRAME.format(_DENY) + 'else if (location.hostname !== "localhost") {'
    "const write = Storage.prototype.setItem;"
    "Storage.prototype.setItem = function (...entry) {"
    'if (this === localStorage) throw new DOMException("full", "QuotaExceededError"); write.apply(this, entry); }; }',
    "nowhere": "{" + _DENY + "}",
}
