// Patterns of paths. `*` and `?` stay inside one folder, `**` goes through folders; braces and classes by micromatch.

import { readdir } from 'node:fs/promises'
import { isAbsolute, join, resolve, sep } from 'node:path'

export const isGlob = (text: string): boolean => /[*?[{]|[!@+]\(/.test(text)

export const absolutePattern = (pattern: string, folder: string): string =>
  isAbsolute(pattern) ? pattern : join(folder, pattern)

const MAX_FOUND = 10_000

/** Files that match, absolute, sorted by path. Hidden ones and node_modules only where the pattern names them. */
export async function expandGlob(pattern: string, folder: string): Promise<readonly string[]> {
  const absolute = absolutePattern(pattern, folder)
  const parts = absolute.split(sep)
  const firstGlob = parts.findIndex(isGlob)
  const base = resolve(parts.slice(0, firstGlob).join(sep) || sep)
  const matches = await pathMatcher(absolute)
  const deep = parts.slice(firstGlob).some((part) => part.includes('**') || part.includes('{'))
  const found: string[] = []
  const walk = async (at: string, depth: number): Promise<void> => {
    const entries = await readdir(at, { withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      const path = join(at, entry.name)
      if (entry.isDirectory()) {
        const hidden = entry.name.startsWith('.') || entry.name === 'node_modules'
        if (!hidden && (deep ? depth < 20 : depth < parts.length - firstGlob)) await walk(path, depth + 1)
      } else if (matches(path) && found.length < MAX_FOUND) found.push(path)
    }
  }
  await walk(base, 1)
  return found.sort()
}

async function pathMatcher(pattern: string): Promise<(path: string) => boolean> {
  if (/[[{(!]/.test(pattern)) {
    const { default: micromatch } = await import('micromatch')
    return micromatch.matcher(pattern)
  }
  const segments = pattern.split(sep).map((part) => {
    if (part === '**') return '\u0000'
    const source = part.replace(/[.*+?^${}()|[\]\\]/g, (mark) => (mark === '*' ? '[^/]*' : mark === '?' ? '[^/]' : `\\${mark}`))
    return part.startsWith('*') || part.startsWith('?') ? `(?!\\.)${source}` : source
  })
  const expression = new RegExp(`^${segments.join('/').replaceAll('\u0000/', '(?:(?!\\.)[^/]+/)*').replaceAll('\u0000', '.*')}$`)
  return (path) => expression.test(path)
}
