// HTML from outside → Markdown, in a thread of its own: a page made to be slow can't hold up the engine.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { packageRoot } from '../../resources.ts'

/** For the page itself; its reader may take longer to load on a busy machine. */
const TIMEOUT_MS = 6_000
const LOAD_TIMEOUT_MS = 30_000
const MAX_MEMORY_MB = 256

/** Never rejects: a page that takes too long, or too much memory, is read as plain text and says so. */
export async function readPage(html: string, url: string, signal: AbortSignal, timeoutMs = TIMEOUT_MS): Promise<string> {
  const markdown = await inThread(html, url, signal, timeoutMs)
  if (markdown !== null) return markdown
  const { plainText } = await import('./readable.ts')
  return `[the page is too tangled to be read well; this is its bare text]\n\n${plainText(html)}`
}

/** null: no answer in time. */
function inThread(html: string, url: string, signal: AbortSignal, timeoutMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const worker = new Worker(workerFile(), {
      workerData: { html, url },
      resourceLimits: { maxOldGenerationSizeMb: MAX_MEMORY_MB },
      // Nothing of this process is the page's business.
      env: {},
      stdout: true,
      stderr: true,
    })
    const finish = (result: string | null): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', giveUp)
      void worker.terminate()
      resolve(result)
    }
    const giveUp = (): void => finish(null)
    let timer = setTimeout(giveUp, LOAD_TIMEOUT_MS)
    signal.addEventListener('abort', giveUp)
    worker.on('message', ({ markdown }: { readonly markdown?: string }) => {
      if (markdown !== undefined) return finish(markdown)
      clearTimeout(timer)
      timer = setTimeout(giveUp, timeoutMs)
    })
    worker.once('error', giveUp)
    worker.once('exit', giveUp)
    worker.unref()
  })
}

/** Beside this file, or, where this file was bundled, in the package's plain build. */
function workerFile(): string {
  const beside = fileURLToPath(new URL('./read-page-worker.js', import.meta.url))
  return existsSync(beside) ? beside : join(packageRoot(), 'dist/src/tools/web/read-page-worker.js')
}
