// Kinds that are files: each says which files its text stands for, and what is done with them.

import { posix } from 'node:path'
import type { Operand, Place } from '../port.ts'
import { type KindFit, type KindRule, LISTED, NONE, read, WILD, write } from './rule.ts'

/** A path, taken as one whatever it looks like. A list of further names, written `@list`, is none. */
const path = (about: string, use: (path: string) => readonly Operand[]): KindRule => ({
  about,
  fit: (text) => {
    if (text === '') return { no: 'it is empty' }
    if (text.startsWith('@')) return { no: LISTED }
    return /^\+[0-9]/.test(text) ? { no: 'it is an old spelling of an option; write `./` before it' } : { files: use(text) }
  },
})

/** As `path`, where `-` means what the pipe brings or takes. */
const stream = (about: string, use: (path: string) => readonly Operand[]): KindRule => {
  const rule = path(about, use)
  return { about, fit: (text, place, sources) => (text === '-' ? NONE : rule.fit(text, place, sources)) }
}

function target(text: string, place: Place, sources: readonly string[]): KindFit {
  if (text === '' || text.startsWith('@')) return { no: 'it is no plain file name' }
  if (!place.isFolder(text)) return { files: [write(text)] }
  return {
    files: sources.map((source) => {
      const name = posix.basename(source)
      return name === '' || name === '.' || name === '..' ? write(text, true) : write(posix.join(text, name))
    }),
  }
}

export const FILES = {
  argument: {
    about: 'any word; a file where it names one',
    fit: (text) => {
      const value = text.startsWith('-') ? text.slice(text.indexOf('=') + 1) : text
      return { files: value === '' || value.startsWith('-') || /\s/.test(value) ? [] : [read(value)] }
    },
  },
  name: {
    about: 'file name or name pattern',
    fit: (text) => (WILD.test(text) || text === '' ? NONE : { files: [read(text.replace(/^!/, ''))] }),
  },
  read: stream('file to read', (file) => [read(file)]),
  tree: stream('file or folder to read', (file) => [read(file, true)]),
  'shown-tree': stream('file or folder to read, hidden ones left out', (file) => [
    { ...read(file, true), skipsHidden: true } satisfies Operand,
  ]),
  write: path('file to write', (file) => [write(file)]),
  'write-tree': path('file or folder to write', (file) => [write(file, true)]),
  output: stream('file to write', (file) => [write(file)]),
  target: { about: 'file or folder to write to', fit: (text, place, sources) => target(text, place, sources) },
  'target-tree': {
    about: 'file or folder to move to',
    fit: (text, place, sources) => {
      const fit = target(text, place, sources)
      return fit.no === undefined ? { files: fit.files.map((file) => ({ ...file, deep: true })) } : fit
    },
  },
  edited: {
    about: 'file to look through or change, or folder',
    fit: (text, place) =>
      text === '' || text.startsWith('@')
        ? { no: 'it is no plain file name' }
        : { files: [place.isFolder(text) ? read(text, true) : write(text)] },
  },
  'packed-tree': stream('file or folder to pack, written out', (file) => [read(file, true)]),
  packed: {
    about: 'file to pack or unpack',
    fit: (text) => {
      if (text === '' || text.startsWith('@')) return { no: 'it is no plain file name' }
      const bare = text.replace(/\.(gz|tgz|taz|z|Z|bz2|bz|tbz2?|xz|txz|lzma|tlz|zst|tzst)$/, '')
      return {
        files: [text, bare, `${bare}.tar`, ...['gz', 'bz2', 'xz', 'zst', 'lzma'].map((end) => `${text}.${end}`)].map((file) =>
          write(file),
        ),
      }
    },
  },
  'find-start': {
    about: 'folder to look in, or a parenthesis',
    fit: (text) => (/^([()!,])$/.test(text) ? NONE : text === '' ? { no: 'it is empty' } : { files: [read(text)] }),
  },
  test: {
    about: 'test file, or a test in one',
    fit: (text) => {
      const file = text.split('::', 1)[0] ?? ''
      return file === '' || file.startsWith('@') ? { no: 'it is no test file' } : { files: [read(file)] }
    },
  },
  archive: {
    about: 'archive on this machine',
    fit: (text) =>
      text === '-'
        ? NONE
        : text === '' || text.includes(':')
          ? { no: 'an archive written `host:file` is fetched by another program' }
          : { files: [read(text)] },
  },
  'new-archive': {
    about: 'archive to write',
    fit: (text) =>
      text === '-'
        ? NONE
        : text === '' || text.includes(':')
          ? { no: 'an archive written `host:file` is sent by another program' }
          : { files: [write(text)] },
  },
} as const satisfies Record<string, KindRule>
