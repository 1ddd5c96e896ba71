/** Line icons on a 24-unit grid, drawn in the current colour. */
import type { ComponentChildren } from "preact";

const PATHS = {
  close: "M6 6l12 12M18 6L6 18",
  down: "M6 9.5l6 6 6-6",
  more: "M5 12h0M12 12h0M19 12h0",
  send: "M12 19V5M5.5 11.5L12 5l6.5 6.5",
  stop: "M8 8h8v8H8z",
  copy: "M9 9h10v10H9zM5 15V5h10",
  check: "M5 12.5l4.5 4.5L19 7.5",
  up: "M7 10v10H4V10zM7 10l4-7c1.5 0 2.5 1 2.5 2.5L13 9h5.2c1.3 0 2.2 1.2 1.9 2.4l-1.6 7c-.2.9-1 1.6-2 1.6H7",
  retry: "M4 12a8 8 0 1 0 2.5-5.8M4 4v4.5h4.5",
  person: "M12 12a4 4 0 1 0-.1 0zM4.5 20.5q1-5.5 7.5-5.5t7.5 5.5",
  bag: "M6 8h12l1 12H5zM9 10V7a3 3 0 0 1 6 0v3",
  box: "M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8",
  page: "M7 3h7l4 4v14H7zM14 3v4h4M10 13h5M10 17h5",
  out: "M8 16L16 8M9 8h7v7",
  lock: "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3",
  mail: "M4 6h16v12H4zM4 7l8 6 8-6",
  phone: "M6 4h4l1.5 4-2 1.5a11 11 0 0 0 5 5l1.5-2 4 1.5v4c-8 1-15-6-14-14z",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9h0",
  bell: "M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15zM10 21h4",
  bin: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
  spark: "M12 4l2 5 5 2-5 2-2 5-2-5-5-2 5-2z",
};

export type IconName = keyof typeof PATHS;

/** `turned`: how the style sheet turns it, to be another sign. */
export function Icon({ name, turned = name }: { name: IconName; turned?: string }): ComponentChildren {
  return (
    <svg class={`icon icon-${turned}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
