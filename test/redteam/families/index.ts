// The grammars of the shell's families. Another family of commands is one more entry; families of another kind (approvals, doors,
// flows) implement `Family` of the harness themselves.

import type { Grammar } from '../shell-arena.ts'
import { inputs, placed, redirections, secrets, writes } from './files.ts'
import { abbreviations, clusters, dashes, options, singleDash, subCommands } from './options.ts'
import { assignments, joined, listed, mangled, manual, patterns, quoting, runners } from './texts.ts'

export const GRAMMARS: readonly Grammar[] = [
  options,
  abbreviations,
  clusters,
  singleDash,
  subCommands,
  dashes,
  quoting,
  secrets,
  placed,
  writes,
  patterns,
  redirections,
  inputs,
  runners,
  assignments,
  joined,
  mangled,
  listed,
  manual,
]
