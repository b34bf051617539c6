declare const brand: unique symbol;

/** A dense index into an array of the artifact, branded so that two kinds cannot be mixed up. */
export type Id<Kind extends string> = number & { readonly [brand]: Kind };

/** Brands a number; the one place where that happens. */
export function id<Kind extends string>(index: number): Id<Kind> {
  return index as Id<Kind>;
}
