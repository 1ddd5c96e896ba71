/** Line icons on a 24-unit grid, drawn in the current colour. */
import type { ComponentChildren } from "preact";

const PATHS = {
  close: "M6 6l12 12M18 6L6 18",
  down: "M6 9.5l6 6 6-6",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  send: "M12 19V5M5.5 11.5L12 5l6.5 6.5",
  stop: "M8 8h8v8H8z",
  copy: "M9 9h10v10H9zM5 15V5h10",
  check: "M5 12.5l4.5 4.5L19 7.5",
  up: "M7 10v10H4V10zM7 10l4-7c1.5 0 2.5 1 2.5 2.5L13 9h5.2c1.3 0 2.2 1.2 1.9 2.4l-1.6 7c-.2.9-1 1.6-2 1.6H7",
  thumbDown: "M17 14V4h3v10zM17 14l-4 7c-1.5 0-2.5-1-2.5-2.5L11 15H5.800c-1.300 0-2.200-1.200-1.900-2.400l1.600-7c.2-.9 1-1.600 2-1.600H17",
  retry: "M4 12a8 8 0 1 0 2.500-5.800M4 4v4.500h4.500",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.500 20.500c.8-3.600 3.800-5.500 7.500-5.500s6.700 1.900 7.500 5.500",
  bag: "M6 8h12l1 12H5zM9 10V7a3 3 0 0 1 6 0v3",
  box: "M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8",
  page: "M7 3h7l4 4v14H7zM14 3v4h4M10 13h5M10 17h5",
  out: "M8 16L16 8M9 8h7v7",
  lock: "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3",
  mail: "M4 6h16v12H4zM4 7l8 6 8-6",
  phone: "M6 4h4l1.500 4-2 1.500a11 11 0 0 0 5 5l1.500-2 4 1.500v4c-8 1-15-6-14-14z",
  spark: "M12 4l1.800 5.200L19 11l-5.200 1.800L12 18l-1.800-5.200L5 11l5.200-1.800z",
};

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }): ComponentChildren {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
