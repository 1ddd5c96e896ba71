import { describe, expect, it } from "vitest";
import cases from "../../../tests/payloads/contrast_cases.json";
import { contrast, paletteOf, surfacesOf } from "../../src/frame/contrast";

describe("the colours, to the same table as the server's own arithmetic", () => {
  it.each(cases.palettes)("$accent in $scheme", ({ accent, scheme, hardest, fill, ink, text }) => {
    expect(paletteOf(accent, scheme as "light" | "dark", hardest)).toEqual({ accent: fill, ink, text });
  });

  it.each(cases.surfaces)("on $background where $wanted is wanted", ({ background, wanted, scheme, color, hardest }) => {
    const found = surfacesOf(background, wanted as "light" | "dark");
    expect([found.surfaces.scheme, found.surfaces.surface, found.hardest]).toEqual([scheme, color, hardest]);
  });

  it.each(cases.contrasts)("$one on $other", ({ one, other, ratio }) => {
    expect(contrast(one, other)).toBeCloseTo(ratio, 3);
  });

  it("leaves nothing that cannot be read", () => {
    for (const { fill, ink } of cases.palettes) expect(contrast(fill, ink)).toBeGreaterThanOrEqual(4.5);
  });
});
