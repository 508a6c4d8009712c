/** What a call between users carries: voices, or pictures too. */
export const MEDIA = ['audio', 'video'] as const;
export type Media = (typeof MEDIA)[number];
