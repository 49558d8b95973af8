// All hazard tables by tool. A tool without one takes a wildcard grant at its word, and the configuration is warned.

import type { Word } from '../words.ts'
import { build } from './build.ts'
import { files } from './files.ts'
import { git } from './git.ts'
import { network } from './network.ts'
import { type HazardTable, hitOf } from './table.ts'
import { text } from './text.ts'

/** Tools none of whose options starts a program or reads a list of further files. What they do to files is what the grant says. */
const harmless: HazardTable = {
  tools:
    `ls cat head echo pwd whoami which mkdir rmdir rm mv cp ln touch chmod chown chgrp uniq cut tr paste join comm fold fmt nl tac
    rev expand unexpand column diff cmp stat df ps uname id groups uptime basename dirname realpath readlink seq sleep true false
    md5sum sha1sum sha256sum sha512sum cksum base64 base32 od xxd hexdump strings gzip gunzip zcat bzip2 bunzip2 bzcat xz unxz xzcat
    truncate tee mktemp nproc arch free lscpu lsblk cal bc expr factor numfmt tsort ping dig host nslookup sync`.split(/\s+/),
  patternsAreFine: true,
}

const tables = new Map<string, HazardTable>()
for (const table of [git, ...files, ...text, ...build, ...network, harmless]) {
  for (const tool of table.tools) if (!tables.has(tool)) tables.set(tool, table)
}

export const hasHazardTable = (tool: string): boolean => tables.has(tool)

/** Why a command's arguments are more than a wildcard grant says; undefined: nothing known against them. */
export function hazardOf(words: readonly Word[]): string | undefined {
  const [first, ...args] = words
  const table = first === undefined ? undefined : tables.get(first.text)
  return first === undefined || table === undefined ? undefined : hitOf(table, first.text, args)
}

/** A hazard among the fixed words of a grant, by its options and sub-commands alone: whatever the star stands for, it is hit. */
export function hazardOfTexts(texts: readonly string[]): string | undefined {
  const [name = '', ...args] = texts
  const { check: _, ...table } = tables.get(name) ?? { tools: [] }
  const words = args.map((text) => ({
    text,
    quoted: new Uint8Array(text.length),
    bare: true,
    pattern: false,
    emptyQuotes: false,
  }))
  return hitOf(table, name, words)
}

/** Which arguments (by index among the words) are prose or programs rather than files. */
export function proseArguments(words: readonly Word[]): ReadonlySet<number> {
  const found = new Set<number>()
  const table = tables.get(words[0]?.text ?? '')
  if (table === undefined) return found
  const texts = words.map((word) => word.text)
  const command = texts.slice(1).find((text) => !text.startsWith('-')) ?? ''
  const sub = table.sub !== undefined && Object.hasOwn(table.sub, command) ? table.sub[command] : undefined
  const after = [...(table.prose?.after ?? []), ...(sub?.prose?.after ?? [])]
  for (let i = 1; i < texts.length; i++) {
    const text = texts[i] ?? ''
    if (after.includes(text)) found.add(++i)
    else if (after.some((option) => option.startsWith('--') && text.startsWith(`${option}=`))) found.add(i)
  }
  const beside = table.prose?.firstBeside
  if (beside !== undefined) {
    const first = texts.findIndex((text, index) => index > 0 && !text.startsWith('-'))
    if (first > 0 && texts.every((text, index) => index === 0 || !text.startsWith('-') || text === '--' || beside.test(text)))
      found.add(first)
  }
  return found
}
