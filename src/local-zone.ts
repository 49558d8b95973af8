// The machine's time zone by name. Asking Intl loads its tables, which takes longer than the rest of a small validation, so
// the places it would look at are looked at first.

import { readlinkSync } from 'node:fs'

let known: string | undefined

export function localZone(): string {
  known ??= fromVariable(process.env['TZ']) ?? fromLink() ?? Intl.DateTimeFormat().resolvedOptions().timeZone
  return known
}

const NAME = /^(?:UTC|[A-Z][A-Za-z]+(?:\/[A-Z][A-Za-z_+-]*)+)$/

/** Undefined: unset. Odd ones (`EST5EDT`, `:file`) are left to Intl. */
function fromVariable(value: string | undefined): string | undefined {
  if (value === undefined || value === '') return undefined
  return NAME.test(value) ? canonical(value) : Intl.DateTimeFormat().resolvedOptions().timeZone
}

function fromLink(): string | undefined {
  try {
    const name = readlinkSync('/etc/localtime').split('/zoneinfo/')[1]
    return name !== undefined && NAME.test(name) ? canonical(name) : undefined
  } catch {
    return undefined
  }
}

const canonical = (name: string): string => (/^Etc\/(UTC|UCT|Zulu|Universal)$/.test(name) ? 'UTC' : name)
