// Names of this package in, its own files out, for Node's module loader: in a thread of the loader's own, or in ours where Node can.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

interface Resolved {
  readonly url: string
  readonly shortCircuit?: boolean
}

interface Package {
  readonly name: string
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>
}

/**
 * `root`: the package's folder. null: the name is not of this package, or the package exports nothing of that name. Node's own
 * resolution is not asked: on some versions it would ask this hook again.
 */
export function ownResolver(root: string): (name: string) => Resolved | null {
  const { name: own, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Package
  return (name) => {
    const entry =
      name === own ? exports['.'] : name.startsWith(`${own}/`) ? exports[`./${name.slice(own.length + 1)}`] : undefined
    if (entry === undefined) return null
    return { url: pathToFileURL(join(root, typeof entry === 'string' ? entry : entry.default)).href, shortCircuit: true }
  }
}

let resolveOwn: ReturnType<typeof ownResolver> = () => null

export function initialize({ root }: { readonly root: string }): void {
  resolveOwn = ownResolver(root)
}

export const resolve = async <Context>(
  name: string,
  context: Context,
  next: (name: string, context: Context) => Promise<Resolved>,
): Promise<Resolved> => resolveOwn(name) ?? (await next(name, context))
