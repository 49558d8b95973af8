// Numbers of words, in the order of a text, packed into bytes: seven bits each, the last byte of a number without the eighth.

export function packWords(ids: readonly number[]): Uint8Array {
  const bytes: number[] = []
  for (let id of ids) {
    while (id >= 128) {
      bytes.push((id & 127) | 128)
      id = Math.floor(id / 128)
    }
    bytes.push(id)
  }
  return Uint8Array.from(bytes)
}

export function unpackWords(packed: Uint8Array): number[] {
  const ids: number[] = []
  let id = 0
  let scale = 1
  for (const byte of packed) {
    id += (byte & 127) * scale
    if (byte < 128) {
      ids.push(id)
      id = 0
      scale = 1
    } else scale *= 128
  }
  return ids
}
