// The gate for every path a tool takes. Opens first, then asks the handle where it really is, so that a name swapped for a link
// between check and use leads nowhere. On Linux folders are walked handle by handle and can't be swapped at all; elsewhere the
// real path is compared before and after.

import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, link, lstat, mkdir, open, realpath, rename, unlink } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import type { WorkspaceRoot } from '../plan/plan.ts'
import { type EngineGuard, engineGuard } from './engine-guard.ts'
import { checkKind, codeOf, HAS_FD_PATHS, openProblem, readFrom, readWhole, realPathOf } from './handles.ts'
import { realProblem } from './operands.ts'
import { checkPathText, namesProblem, type Purpose } from './path-names.ts'
import { GateError, type PathGate, refuse } from './port.ts'

export interface PathGateOptions {
  /** The first is the working folder. */
  readonly roots: readonly WorkspaceRoot[]
  /** The engine's own files and folders, absolute. */
  readonly protectedPaths: readonly string[]
  /** Most bytes of one read (default 1 MiB) and of one write (default 10 MiB). */
  readonly maxReadBytes?: number
  readonly maxWriteBytes?: number
  /** Called between the steps of the walk; tests stage swaps here. */
  readonly between?: (step: 'checked' | 'made-folder' | 'opened-folder' | 'before-rename') => Promise<void> | void
}

const MAX_READ = 1024 * 1024
const MAX_WRITE = 10 * 1024 * 1024
const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants

/** Gives the file its name unless another one has got it meanwhile. */
async function linkNew(from: string, to: string): Promise<void> {
  await link(from, to)
  await unlink(from)
}

const inside = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)

interface Root {
  readonly path: string
  readonly real: string
  readonly access: 'read' | 'write'
}

export function createPathGate(options: PathGateOptions): PathGate {
  const first = options.roots[0]
  if (first === undefined) throw new Error('A path gate needs a root.')
  const between = options.between ?? (() => {})
  let prepared: Promise<readonly Root[]> | undefined

  /** Makes the working folder and finds the real path of every root; again next time when that failed. */
  function roots(): Promise<readonly Root[]> {
    prepared ??= (async () => {
      const found: Root[] = []
      for (const root of options.roots) {
        if (root.access === 'write') await mkdir(root.path, { recursive: true })
        try {
          found.push({ path: resolve(root.path), real: await realpath(root.path), access: root.access })
        } catch (error) {
          if (codeOf(error) !== 'ENOENT') throw error
        }
      }
      return found
    })()
    prepared.catch(() => {
      prepared = undefined
    })
    return prepared
  }

  let guard: EngineGuard | undefined
  const engine = (): EngineGuard => {
    guard ??= engineGuard(
      options.protectedPaths,
      options.roots.map((root) => root.path),
    )
    return guard
  }

  /** Which root a text names, and the components below it. */
  function place(text: ReturnType<typeof checkPathText>, all: readonly Root[]): { root: Root; components: string[] } {
    const cwd = all.find((root) => root.path === resolve((first as WorkspaceRoot).path))
    if (!text.absolute)
      return cwd === undefined ? refuse('The working folder does not exist.') : { root: cwd, components: text.components }
    const path = `/${text.components.join('/')}`
    if (text.components.includes('..')) refuse('An absolute path may not hold `..`.')
    for (const root of all) {
      for (const base of [root.path, root.real]) {
        if (inside(base, path))
          return {
            root,
            components: relative(base, path)
              .split(sep)
              .filter((part) => part !== ''),
          }
      }
    }
    return refuse('The path lies outside the workspace.')
  }

  /** Refuses what a real path must not be: outside its root, under a protected name, the engine's own, a tool's settings. */
  async function checkReal(real: string, root: Root, purpose: Purpose, what: 'file' | 'folder' = 'file'): Promise<void> {
    if (!inside(root.real, real)) refuse('The path leads out of the workspace.')
    const components = relative(root.real, real).split(sep)
    const problem = namesProblem(what === 'file' ? components : [...components, ''], purpose)
    if (problem !== undefined) refuse(problem)
    // A folder is gone through, not written.
    const met = realProblem(real, { use: what === 'file' ? purpose : 'read' }, { roots: [root], engine: engine() })
    if (met !== undefined) refuse(met.reason)
  }

  /** Takes `..` out, one real folder at a time: after a link it would lead elsewhere than the text says. */
  async function straighten(root: Root, components: readonly string[]): Promise<string[]> {
    const path: string[] = []
    for (const part of components) {
      if (part !== '..') {
        path.push(part)
        continue
      }
      if (path.length === 0) refuse('The path leaves the workspace.')
      const info = await lstat(join(root.real, ...path)).catch(() => undefined)
      if (info === undefined || !info.isDirectory()) refuse('`..` may only follow a folder of the workspace.')
      path.pop()
    }
    if (path.length === 0) refuse('The path names a folder, not a file.')
    return path
  }

  async function openToRead(root: Root, components: readonly string[]): Promise<FileHandle> {
    const composed = join(root.real, ...components.map((part) => part.normalize('NFC')))
    const asGiven = join(root.real, ...components)
    for (const path of composed === asGiven ? [composed] : [composed, asGiven]) {
      let handle: FileHandle
      try {
        handle = await open(path, O_RDONLY | O_NONBLOCK)
      } catch (error) {
        if (codeOf(error) === 'ENOENT' && path !== asGiven) continue
        return refuse(openProblem(error))
      }
      try {
        checkKind(await handle.stat())
        await checkReal(await realPathOf(handle, path), root, 'read')
        return handle
      } catch (error) {
        await handle.close()
        throw error
      }
    }
    return refuse('There is no such file.')
  }

  /** Opens the folder that will hold a file, making what is missing. The handle is checked at every step. */
  async function openFolder(root: Root, folders: readonly string[]): Promise<{ handle: FileHandle; at: string }> {
    let handle = await open(root.real, O_RDONLY | O_DIRECTORY)
    let at = root.real
    try {
      for (const name of folders) {
        const base = HAS_FD_PATHS ? `/proc/self/fd/${handle.fd}` : at
        const path = `${base}/${name}`
        let next: FileHandle
        try {
          next = await open(path, O_RDONLY | O_DIRECTORY)
        } catch (error) {
          if (codeOf(error) !== 'ENOENT') refuse(openProblem(error))
          await mkdir(path).catch((problem: unknown) => {
            if (codeOf(problem) !== 'EEXIST') throw problem
          })
          await between('made-folder')
          next = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW).catch((problem: unknown) => refuse(openProblem(problem)))
        }
        await handle.close()
        handle = next
        at = await realPathOf(handle, path)
        await checkReal(at, root, 'write', 'folder')
        await between('opened-folder')
      }
      return { handle, at }
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  async function writeFile(
    root: Root,
    components: readonly string[],
    content: Buffer,
    followed: boolean,
    isNew = false,
  ): Promise<{ real: string; created: boolean }> {
    const name = components.at(-1) as string
    const { handle, at } = await openFolder(root, components.slice(0, -1))
    try {
      const base = HAS_FD_PATHS ? `/proc/self/fd/${handle.fd}` : at
      const target = `${base}/${name}`
      await between('checked')
      const present = await lstat(target).catch((error: unknown) =>
        codeOf(error) === 'ENOENT' ? undefined : refuse(openProblem(error)),
      )
      if (isNew && present !== undefined) return { real: join(at, name), created: false }
      if (present?.isSymbolicLink() === true) {
        const real = await realpath(target).catch(() => refuse('The path is a link that leads nowhere.'))
        if (followed) refuse('The path is a link to a link.')
        await checkReal(real, root, 'write')
        return await writeFile(root, relative(root.real, real).split(sep), content, true)
      }
      if (present !== undefined) checkKind(present)
      await checkReal(join(at, name), root, 'write')
      const temporary = `${base}/.claw-${randomBytes(9).toString('base64url')}.tmp`
      const file = await open(
        temporary,
        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
        present === undefined ? 0o644 : present.mode & 0o777,
      )
      try {
        if (!HAS_FD_PATHS) await checkReal(await realPathOf(file, temporary), root, 'write')
        await file.writeFile(content)
        await file.close()
        await between('before-rename')
        if ((await realPathOf(handle, at)) !== at) refuse('The folder was swapped meanwhile.')
        if (isNew) await linkNew(temporary, target)
        else await rename(temporary, target)
      } catch (error) {
        await file.close().catch(() => {})
        await unlink(temporary).catch(() => {})
        throw error
      }
      return { real: join(at, name), created: present === undefined }
    } finally {
      await handle.close()
    }
  }

  async function reading<T>(path: unknown, read: (handle: FileHandle) => Promise<T>): Promise<T> {
    const text = checkPathText(path, 'read')
    if (text.folder) refuse('The path names a folder, not a file.')
    const { root, components } = place(text, await roots())
    const straight = await straighten(root, components)
    await between('checked')
    const handle = await openToRead(root, straight)
    try {
      return await read(handle)
    } finally {
      await handle.close()
    }
  }

  async function writing(path: unknown, content: Buffer, isNew: boolean): Promise<{ path: string; created: boolean }> {
    const text = checkPathText(path, 'write')
    if (text.folder) refuse('The path names a folder, not a file.')
    const { root, components } = place(text, await roots())
    if (root.access !== 'write') refuse('This folder is read-only for the agent.')
    const straight = await straighten(root, components)
    const names = straight.map((part) => part.normalize('NFC'))
    const { real, created } = await writeFile(root, names, content, false, isNew).catch((error: unknown) => {
      throw error instanceof GateError ? error : new GateError(openProblem(error))
    })
    const shown = relative((await roots())[0]?.real ?? root.real, real)
    return { path: shown.startsWith('..') ? real : shown, created }
  }

  return {
    cwd: resolve(first.path),
    readText: (path, limits) =>
      reading(path, (handle) => readFrom(handle, Math.min(limits?.maxBytes ?? MAX_READ, options.maxReadBytes ?? MAX_READ))),
    readBytes: (path, { maxBytes }) => reading(path, (handle) => readWhole(handle, maxBytes)),
    async writeText(path, content) {
      const bytes = Buffer.from(content, 'utf8')
      const most = options.maxWriteBytes ?? MAX_WRITE
      if (bytes.length > most) refuse(`The text is larger than ${most} bytes.`)
      return { bytes: bytes.length, ...(await writing(path, bytes, false)) }
    },
    async writeNew(path, content) {
      const done = await writing(path, content, true)
      return done.created ? { path: done.path, bytes: content.length } : null
    },
  }
}
