// A picture that is too large in, one that fits out, made in a thread of its own: reading twelve million pixels takes a second.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { packageRoot } from '../resources.ts'

export interface Picture {
  readonly mediaType: 'image/png' | 'image/jpeg'
  /** Base64. */
  readonly data: string
}

export interface ScalingTask {
  readonly bytes: Uint8Array
  /** Pixels of the longer side at most. */
  readonly side: number
  /** Characters of base64 at most. */
  readonly maxChars: number
}

const TIMEOUT_MS = 30_000

/** null: it could not be read, or not in time. Never rejects. */
export function scaled(task: ScalingTask): Promise<Picture | null> {
  return new Promise((resolve) => {
    const worker = new Worker(workerFile(), { workerData: task, env: {}, stdout: true, stderr: true })
    const finish = (picture: Picture | null): void => {
      clearTimeout(timer)
      void worker.terminate()
      resolve(picture)
    }
    const timer = setTimeout(() => finish(null), TIMEOUT_MS)
    worker.once('message', (picture: Picture | null) => finish(picture))
    worker.once('error', () => finish(null))
    worker.once('exit', () => finish(null))
    worker.unref()
  })
}

/** Beside this file, or, where this file was bundled, in the package's plain build. */
function workerFile(): string {
  const beside = fileURLToPath(new URL('./picture-worker.js', import.meta.url))
  return existsSync(beside) ? beside : join(packageRoot(), 'dist/src/models/picture-worker.js')
}
