// The first bytes of a picture in, its real type and size out. Reads the headers of the four types that services take.

export interface ImageHeader {
  readonly mediaType: 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp'
  readonly width: number
  readonly height: number
}

/** null: no picture of these types. */
export function imageHeader(bytes: Buffer): ImageHeader | null {
  if (bytes.length < 12) return null
  if (bytes.readUInt32BE(0) === 0x89504e47) return png(bytes)
  if (bytes.readUInt16BE(0) === 0xffd8) return jpeg(bytes)
  if (bytes.toString('latin1', 0, 4) === 'GIF8') return gif(bytes)
  if (bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP') return webp(bytes)
  return null
}

const found = (mediaType: ImageHeader['mediaType'], width: number, height: number): ImageHeader | null =>
  width > 0 && height > 0 ? { mediaType, width, height } : null

function png(bytes: Buffer): ImageHeader | null {
  return bytes.length < 24 ? null : found('image/png', bytes.readUInt32BE(16), bytes.readUInt32BE(20))
}

function gif(bytes: Buffer): ImageHeader | null {
  return found('image/gif', bytes.readUInt16LE(6), bytes.readUInt16LE(8))
}

function jpeg(bytes: Buffer): ImageHeader | null {
  for (let at = 2; at + 9 < bytes.length; ) {
    if (bytes[at] !== 0xff) return null
    const marker = bytes[at + 1] as number
    // Padding, and markers without a length.
    if (marker === 0xff || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
      at += marker === 0xff ? 1 : 2
      continue
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
    if (isFrame) return found('image/jpeg', bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5))
    at += 2 + bytes.readUInt16BE(at + 2)
  }
  return null
}

function webp(bytes: Buffer): ImageHeader | null {
  if (bytes.length < 30) return null
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8 ':
      return found('image/webp', bytes.readUInt16LE(26) & 0x3fff, bytes.readUInt16LE(28) & 0x3fff)
    case 'VP8L': {
      const bits = bytes.readUInt32LE(21)
      return found('image/webp', (bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1)
    }
    case 'VP8X':
      return found('image/webp', bytes.readUIntLE(24, 3) + 1, bytes.readUIntLE(27, 3) + 1)
    default:
      return null
  }
}
