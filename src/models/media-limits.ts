// What services take of pictures and documents, as they document it.

export interface MediaLimits {
  readonly imageTypes: ReadonlySet<string>
  /** Characters of base64 of one picture. */
  readonly imageChars: number
  /** Pixels of a picture's longer side. */
  readonly imageSide: number
  /** With more pictures than this in one request, each may be only so large. */
  readonly many: { readonly above: number; readonly side: number }
  /** Pictures and documents in one request. */
  readonly count: number
  readonly pdfPages: number
  /** Bytes of a request's pictures and documents together: what the service takes, less what texts may need. */
  readonly requestBytes: number
}

const MB = 1024 * 1024
const IMAGE_TYPES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])

/** The Messages API: 5 MB of base64 a picture, 8,000 pixels a side (2,000 beyond 20 pictures), 100 of them, 32 MB a request. */
export const MESSAGES_LIMITS: MediaLimits = {
  imageTypes: IMAGE_TYPES,
  imageChars: 5 * MB,
  imageSide: 8_000,
  many: { above: 20, side: 2_000 },
  count: 100,
  pdfPages: 100,
  requestBytes: 26 * MB,
}

/** Chat completions at OpenAI: 50 MB a request, 500 pictures. */
export const OPENAI_LIMITS: MediaLimits = {
  imageTypes: IMAGE_TYPES,
  imageChars: 20 * MB,
  imageSide: 8_000,
  many: { above: 20, side: 2_000 },
  count: 500,
  pdfPages: 1_000,
  requestBytes: 44 * MB,
}

/** Others that speak chat completions: what the strictest of the known ones take. */
export const CHAT_LIMITS: MediaLimits = {
  ...OPENAI_LIMITS,
  imageChars: 4 * MB,
  imageSide: 4_096,
  count: 100,
  requestBytes: 18 * MB,
}
