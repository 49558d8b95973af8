// `import … from 'claw-engine/tool'` in a plugin means the engine that runs it, wherever the plugin's folder is and whether or not
// it has a node_modules of its own.

import * as nodeModule from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { packageRoot } from '../resources.ts'
import { ownResolver } from './own-package-hooks.ts'

type Resolve = (name: string, context: unknown, next: (name: string, context: unknown) => unknown) => unknown

/** Node 22.15 and later take hooks without a thread. */
const { registerHooks } = nodeModule as { readonly registerHooks?: (hooks: { readonly resolve: Resolve }) => unknown }

let done = false

/** Once a process. */
export function resolveOwnPackage(): void {
  if (done) return
  done = true
  const root = packageRoot()
  if (registerHooks !== undefined) {
    const resolveOwn = ownResolver(root)
    registerHooks({ resolve: (name, context, next) => resolveOwn(name) ?? next(name, context) })
    return
  }
  // The plain build, also where this file was bundled: the loader's thread has no part in a bundle.
  const hooks = pathToFileURL(join(root, 'dist/src/plugins/own-package-hooks.js'))
  nodeModule.register(hooks.href, { data: { root } })
}
