// Pictures and documents of any size for tests, valid to the last byte, and what a strict service says of bytes that are not.

import { crc32, deflateSync, inflateSync } from 'node:zlib'

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex')

/** A PNG. `noise`: pixels that do not compress, from a seed. */
export function png(width: number, height: number, noise?: number): Buffer {
  const row = width * 3 + 1
  const raw = Buffer.alloc(row * height, 200)
  if (noise !== undefined) {
    let state = noise * 2654435761 + 1
    for (let i = 0; i < raw.length; i++) {
      state = (state * 1664525 + 1013904223) >>> 0
      raw[i] = state >>> 24
    }
  }
  for (let y = 0; y < height; y++) raw[y * row] = 0
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head[8] = 8
  head[9] = 2
  const level = noise === undefined ? 6 : 1
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(raw, { level })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const whole = Buffer.concat([Buffer.alloc(4), Buffer.from(type, 'latin1'), data, Buffer.alloc(4)])
  whole.writeUInt32BE(data.length, 0)
  whole.writeUInt32BE(crc32(whole.subarray(4, 8 + data.length)), 8 + data.length)
  return whole
}

/** A document of so many empty pages. */
export function pdf(pages = 1, { encrypted = false } = {}): Buffer {
  const kids = Array.from({ length: pages }, (_, n) => `${n + 3} 0 R`).join(' ')
  const objects = [
    '1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj',
    `2 0 obj <</Type /Pages /Kids [${kids}] /Count ${pages}>> endobj`,
    ...Array.from({ length: pages }, (_, n) => `${n + 3} 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 9 9]>> endobj`),
  ]
  return Buffer.from(`%PDF-1.4\n${objects.join('\n')}\ntrailer <</Root 1 0 R${encrypted ? ' /Encrypt 9 0 R' : ''}>>\n%%EOF\n`)
}

export const TINY_PNG = png(2, 2).toString('base64')
export const TINY_PDF = pdf().toString('base64')

export interface SeenImage {
  readonly mediaType: string
  readonly width: number
  readonly height: number
}

/** What a service sees when it decodes a picture; null: it cannot. Reads PNG to the last byte; of JPEG its frame and its end. */
export function decoded(bytes: Buffer): SeenImage | null {
  if (bytes.subarray(0, 8).equals(SIGNATURE)) return decodedPng(bytes)
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes.subarray(-2).equals(Buffer.from('ffd9', 'hex'))) return decodedJpeg(bytes)
  return null
}

function decodedPng(bytes: Buffer): SeenImage | null {
  const data: Buffer[] = []
  let head: Buffer | undefined
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at)
    const end = at + 12 + length
    if (end > bytes.length || crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4)) return null
    const type = bytes.toString('latin1', at + 4, at + 8)
    if (type === 'IHDR') head = bytes.subarray(at + 8, end - 4)
    if (type === 'IDAT') data.push(bytes.subarray(at + 8, end - 4))
    if (type === 'IEND') break
    at = end
  }
  if (head === undefined || data.length === 0) return null
  try {
    inflateSync(Buffer.concat(data))
  } catch {
    return null
  }
  return { mediaType: 'image/png', width: head.readUInt32BE(0), height: head.readUInt32BE(4) }
}

function decodedJpeg(bytes: Buffer): SeenImage | null {
  for (let at = 2; at + 9 < bytes.length; at += 2 + bytes.readUInt16BE(at + 2)) {
    const marker = bytes[at + 1] as number
    if (bytes[at] !== 0xff) return null
    if (marker >= 0xc0 && marker <= 0xc2)
      return { mediaType: 'image/jpeg', width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) }
  }
  return null
}
