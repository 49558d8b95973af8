// The web page's files, read once and kept. A path enters, a response with its ETag leaves, or null.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { packageRoot } from '../resources.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

interface Asset {
  readonly body: Buffer
  readonly type: string
  readonly etag: string
}

export interface Page {
  /** `status` 401 gives the same page, which then asks for the token; it holds nothing that is secret. */
  serve(name: string, options: { ifNoneMatch: string | undefined; status?: number }): Response | null
}

export function createPage(): Page {
  let assets: Map<string, Asset> | undefined
  const load = (): Map<string, Asset> => {
    const folder = join(packageRoot(), 'src', 'web')
    const found = new Map<string, Asset>()
    for (const name of readdirSync(folder)) {
      const type = TYPES[extname(name)]
      if (type === undefined) continue
      const body = readFileSync(join(folder, name))
      found.set(name, { body, type, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"` })
    }
    return found
  }
  return {
    serve(name, { ifNoneMatch, status = 200 }) {
      assets ??= load()
      const asset = assets.get(name)
      if (asset === undefined) return null
      const headers = { 'content-type': asset.type, etag: asset.etag, 'cache-control': 'no-cache' }
      if (status === 200 && ifNoneMatch === asset.etag) return new Response(null, { status: 304, headers })
      return new Response(new Uint8Array(asset.body), {
        status,
        headers: status === 200 ? headers : { ...headers, 'cache-control': 'no-store' },
      })
    },
  }
}
