// What a path may look like, before any file is touched. A tool's argument comes in; its components leave, or a GateError.

import { firstInvisible } from './invisible.ts'
import { refuse } from './port.ts'
import { foldName, protectedComponent } from './protected.ts'
import { settingsComponent } from './tool-settings.ts'

const MOST_BYTES = 4096
const MOST_NAME_BYTES = 255
/** Tabs and line feeds count too: a name in one line of a message must not end it. */
const holdsInvisible = (text: string): boolean => /[\t\n]/.test(text) || firstInvisible(text) !== undefined
const LOOKS_LIKE_SEPARATOR = /[\u2044\u2215\u29f5\u29f8\u29f9\uff0f\uff3c\ufe68\u2216]/u
const WINDOWS = /[<>:"|?*\\]/
const DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\.|$)/
const SHORT_NAME = /^[^.]{1,7}~[0-9]{1,3}(\.|$)/
const PERCENT = /%(2e|2f|5c|00)/i

export type Purpose = 'read' | 'write'

/** Why these components may not be used, or undefined. Used on the text, and again on the real path of what was opened. */
export function namesProblem(components: readonly string[], purpose: Purpose): string | undefined {
  const met = protectedComponent(components)
  if (met !== undefined) return `\`${met}\` is a protected name: it may hold keys or credentials.`
  if (purpose === 'read') {
    const at = components.findIndex((name) => foldName(name) === '.git')
    return at >= 0 && /^(config|credentials|config\.worktree)$/.test(foldName(components[at + 1] ?? ''))
      ? '`.git/config` may hold a token, so it is not read by a tool.'
      : undefined
  }
  const settings = settingsComponent(components)
  return settings === undefined
    ? undefined
    : `\`${settings}\` is never written by a tool: it would run later or change how a tool works.`
}

/** Splits the text of a path and checks all that can be checked without a disk. `..` stays: the walk looks at what it leaves. */
export function checkPathText(path: unknown, purpose: Purpose): { absolute: boolean; components: string[]; folder: boolean } {
  if (typeof path !== 'string') return refuse('The path is not text.')
  if (path.trim() === '') refuse('The path is empty.')
  if (Buffer.byteLength(path) > MOST_BYTES) refuse('The path is too long.')
  if (holdsInvisible(path)) refuse('The path holds a control or invisible character.')
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path)) refuse('A URL is not a path.')
  if (WINDOWS.test(path)) refuse('The path holds one of \\ : * ? " < > |, which not every system reads alike.')
  if (LOOKS_LIKE_SEPARATOR.test(path)) refuse('The path holds a character that looks like a slash.')
  if (PERCENT.test(path)) refuse('The path holds percent codes; write it plainly.')
  if (path.startsWith('~')) refuse('`~` is not expanded; give a path in the workspace.')
  if (/^\$[A-Za-z_{]/.test(path)) refuse('Variables are not expanded; give a path in the workspace.')
  if (path.startsWith('//')) refuse('A path with two slashes in front may name another machine.')
  const components: string[] = []
  for (const raw of path.split('/')) {
    if (raw === '' || raw === '.') continue
    if (raw !== '..') {
      const plain = raw.normalize('NFKC')
      if (plain !== raw.normalize('NFC') && (/^\.+$/.test(plain) || /[/\\]/.test(plain)))
        refuse('A name in the path folds into dots or a slash.')
      if (Buffer.byteLength(raw.normalize('NFC')) > MOST_NAME_BYTES || Buffer.byteLength(raw) > MOST_NAME_BYTES)
        refuse('A name in the path is longer than 255 bytes.')
      if (/[. ]$/.test(raw)) refuse('A name in the path ends with a dot or a blank.')
      const folded = foldName(raw)
      if (DEVICE.test(folded)) refuse(`\`${raw}\` is the name of a device on some systems.`)
      if (SHORT_NAME.test(folded)) refuse(`\`${raw}\` may be the short form of another name.`)
    }
    components.push(raw)
  }
  const problem = namesProblem(components, purpose)
  if (problem !== undefined) refuse(problem)
  return { absolute: path.startsWith('/'), components, folder: /(^|\/)\.{0,2}$/.test(path) }
}

/**
 * Why a memory's key may not be used, or undefined. A key is a label, never a way to a place: no traversal, nothing hidden, no
 * name that every object has, and none that differs from an existing one in case alone (one file on some disks).
 */
export function memoryKeyProblem(key: unknown, existing: readonly string[] = []): string | undefined {
  if (typeof key !== 'string') return 'The key is not text.'
  if (key.trim() === '') return 'The key is empty.'
  if (key.length > 1000) return 'The key is too long; use a short label.'
  if (holdsInvisible(key)) return 'The key holds a control or invisible character.'
  const plain = key.normalize('NFKC')
  if (/[\\]/.test(plain) || LOOKS_LIKE_SEPARATOR.test(key) || plain.startsWith('/') || PERCENT.test(key))
    return 'The key looks like a path.'
  if (plain.split('/').some((part) => part === '.' || part === '..' || part === '')) return 'The key looks like a path.'
  if (plain.startsWith('.')) return 'The key starts with a dot, which would hide it.'
  if (key in Object.prototype || key === 'prototype') return `\`${key}\` is a name that every object has; choose another key.`
  const folded = key.normalize('NFC').toLowerCase()
  const twin = existing.find(
    (other) => other.normalize('NFC') !== key.normalize('NFC') && other.normalize('NFC').toLowerCase() === folded,
  )
  return twin === undefined ? undefined : `There is a memory \`${twin}\`, which differs only in case; use that key.`
}
