// Kinds of git: revisions, files of the repository, and remotes that are configured.

import { posix } from 'node:path'
import type { Operand } from '../port.ts'
import { INSIDE, type KindFit, type KindRule, LISTED, leaves, matching, NONE, read, WILD, write } from './rule.ts'
import { URL_TEXT } from './web.ts'

const TRANSPORT = 'a transport written `name::` starts a helper program'

/** The files that a revision with a path in it shows: `HEAD:src/a.ts`. */
const revisionFiles = (text: string): readonly Operand[] => {
  const colon = text.indexOf(':')
  return colon < 0 || text.startsWith(':/') ? [] : [read(text.slice(colon + 1).replace(/^[0-3]:/, ''))]
}

/** A pathspec with wildcards may mean anything in the folder: where it matters, the folder itself is named. */
function pathspec(text: string, use: 'read' | 'write', wild: readonly Operand[] = []): KindFit {
  const plain = text.replace(/^:(\((exclude|glob|icase)(,(exclude|glob|icase))*\)|[!^])/, '')
  if (plain === '' || plain.startsWith(':') || leaves(plain)) return { no: INSIDE }
  if (plain.startsWith('@')) return { no: LISTED }
  return { files: WILD.test(plain) ? wild : [{ path: plain, use, deep: false }] }
}

export const GIT = {
  'git-setting': matching('name of a setting', /^[A-Za-z][A-Za-z0-9-]*\.[A-Za-z0-9_./-]+$/),
  revision: {
    about: 'revision',
    fit: (text) => {
      if (text === '' || leaves(text.slice(text.indexOf(':') + 1))) return { no: INSIDE }
      return text.includes('::') ? { no: TRANSPORT } : { files: revisionFiles(text) }
    },
  },
  'revision-or-file': {
    about: 'revision, or file in the folder',
    fit: (text) => {
      if (text === '' || leaves(text) || leaves(text.slice(text.indexOf(':') + 1))) return { no: INSIDE }
      return { files: [...revisionFiles(text), read(text)] }
    },
  },
  'switched-file': {
    about: 'revision, or file in the folder to put back',
    fit: (text) => (text === '' || leaves(text) ? { no: INSIDE } : { files: [write(text)] }),
  },
  cleaned: {
    about: 'file or folder to clean, ignored files left out',
    fit: (text) => {
      const fit = pathspec(text, 'write', [write('.')])
      return fit.no === undefined ? { files: fit.files.map((file) => ({ ...file, deep: true, skipsIgnored: true })) } : fit
    },
  },
  staged: {
    about: 'file or folder to stage, ignored files left out',
    fit: (text) => {
      const fit = pathspec(text, 'read', [read('.')])
      return fit.no === undefined ? { files: fit.files.map((file) => ({ ...file, deep: true, skipsIgnored: true })) } : fit
    },
  },
  pathspec: { about: 'file in the folder', fit: (text) => pathspec(text, 'read') },
  'written-pathspec': { about: 'file in the folder to change', fit: (text) => pathspec(text, 'write', [write('.', true)]) },
  branch: matching('name of a branch or tag', /^(?!.*(\.\.|::|@\{|\/\/))[A-Za-z0-9_][A-Za-z0-9_./#+@-]*$/),
  stash: matching('stash', /^(stash@\{[0-9]+\}|[0-9]+)$/),
  refspec: matching(
    'refspec',
    /^\+?(?!.*(\.\.|::|\/\/))(HEAD|:?[A-Za-z0-9_][A-Za-z0-9_./#+@*-]*)?(:[A-Za-z0-9_][A-Za-z0-9_./#+@*-]*)?$/,
  ),
  remote: {
    about: 'name of a configured remote',
    fit: (text, place) => {
      if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(text)) return { no: 'it is no name of a configured remote' }
      return place.exists(text) || place.exists(`${text}.git`)
        ? { no: 'a file of that name exists, which git may take for the remote' }
        : NONE
    },
  },
  repository: {
    about: 'https or ssh address of a repository, whose last part names the folder it makes',
    fit: (text) => {
      if (!URL_TEXT.test(text) && !/^git@[A-Za-z0-9][A-Za-z0-9.-]*:[A-Za-z0-9_~][A-Za-z0-9_./~-]*$/.test(text))
        return { no: 'it is no https or ssh address of a repository' }
      return { files: [write(posix.basename(text.replace(/[/:]+$/, '').replaceAll(':', '/'), '.git') || '.', true)] }
    },
  },
  'git-lines': {
    about: 'lines of a file',
    fit: (text) => {
      const found = /^([0-9]+(,\+?[0-9]+)?|:[A-Za-z_][A-Za-z0-9_]*)(:([^:]+))?$/.exec(text)
      if (found === null) return { no: 'it is no range of lines' }
      const file = found[4]
      return file === undefined ? NONE : leaves(file) ? { no: INSIDE } : { files: [read(file)] }
    },
  },
} as const satisfies Record<string, KindRule>
