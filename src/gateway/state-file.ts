// `<stateDir>/gateway.json`: how programs of the same user find the running gateway. Mode 600, there only while it runs.

import { mkdir, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'

export interface GatewayFile {
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Anyone who can read this file is the owner, until the next start. */
  readonly ownerSecret: string
  readonly token?: string
}

const pathOf = (stateDir: string): string => join(stateDir, 'gateway.json')

export async function writeGatewayFile(stateDir: string, info: GatewayFile): Promise<void> {
  const { default: writeFileAtomic } = await import('write-file-atomic')
  await mkdir(stateDir, { recursive: true, mode: 0o700 })
  await writeFileAtomic(pathOf(stateDir), `${JSON.stringify(info, null, 2)}\n`, { mode: 0o600 })
}

/** The file of a gateway that runs or was killed; null: there is none that can be read. */
export async function readGatewayFile(stateDir: string): Promise<GatewayFile | null> {
  try {
    const value = JSON.parse(await readFile(pathOf(stateDir), 'utf8')) as Partial<GatewayFile>
    if (typeof value.url !== 'string' || typeof value.ownerSecret !== 'string') return null
    return value as GatewayFile
  } catch {
    return null
  }
}

/** Removes the file if it is this process's own. */
export async function removeGatewayFile(stateDir: string, pid: number = process.pid): Promise<void> {
  if ((await readGatewayFile(stateDir))?.pid !== pid) return
  await unlink(pathOf(stateDir)).catch(() => {})
}
