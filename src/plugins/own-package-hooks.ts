// Names of this package in, its own files out, for Node's module loader: in a thread of the loader's own, or in ours where Node can.

import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

interface Resolved {
  readonly url: string
  readonly shortCircuit?: boolean
}

/** `root`: the package's folder. null: the name is not of this package. */
export function ownResolver(root: string): (name: string) => Resolved | null {
  // A package may name itself by its `exports`.
  const own = createRequire(join(root, 'package.json'))
  return (name) =>
    name === 'claw-engine' || name.startsWith('claw-engine/')
      ? { url: pathToFileURL(own.resolve(name)).href, shortCircuit: true }
      : null
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
