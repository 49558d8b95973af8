// Memory as one turn uses it: a note that is saved in a session which read outside text is outside, and a search that finds it says so.

import type { KeyValueStore } from '../../storage/ports.ts'
import type { MemoryStore } from '../../tools/port.ts'

const nameOf = (key: string): string => `flow-note:${key.normalize('NFC').trim()}`

/** `holdsOutside`: whether the session holds outside text now. */
export const labelledMemory = (memory: MemoryStore, kv: KeyValueStore, holdsOutside: () => Promise<boolean>): MemoryStore => ({
  ...memory,
  async save(key, content, by) {
    const outside = await holdsOutside()
    // Before the note is there, so that a crash in between leaves no note that counts as clean.
    if (outside) await kv.set(nameOf(key), 'outside')
    const saved = await memory.save(key, content, by)
    if (!outside && (await kv.get(nameOf(saved.key))) !== null) await kv.delete(nameOf(saved.key))
    if (outside && nameOf(saved.key) !== nameOf(key)) await kv.set(nameOf(saved.key), 'outside')
    return saved
  },
  async search(query, limit) {
    const hits = await memory.search(query, limit)
    const marks = await Promise.all(hits.map(({ key }) => kv.get(nameOf(key))))
    return hits.map((hit, at) => (marks[at] === null ? hit : { ...hit, outside: true }))
  },
})
