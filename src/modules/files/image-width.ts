/** The widths that variants are made in; what is asked for is rounded up to one of them, so that their number is bounded. */
const WIDTHS = [64, 128, 256, 384, 512, 768, 1024, 1536, 2048] as const;

export const SMALLEST_WIDTH = 1;
export const LARGEST_WIDTH = 2048;

/** The width of the variant that serves who asks for `width` pixels. */
export function variantWidth(width: number): number {
  return WIDTHS.find((one) => one >= width) ?? LARGEST_WIDTH;
}

/** Where the variant of a file lies; the trigger on `files` knows it too. */
export function variantKey(object_key: string, width: number): string {
  return `${object_key}.w${width}.webp`;
}
