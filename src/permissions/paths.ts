// The gate for every path a tool takes. Opens first, then asks the handle where it really is, so that a name swapped for a link
// between check and use leads nowhere. On Linux folders are walked handle by handle and can't be swapped at all; elsewhere the
// real path is compared before and after.

import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, link, lstat, mkdir, open, realpath, rename, unlink } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { WorkspaceRoot } from '../plan/plan.ts'
import { checkKind, codeOf, HAS_FD_PATHS, openProblem, readFrom, readWhole, realPathOf } from './handles.ts'
import { checkPathText } from './path-names.ts'
import { type Located, PathRoots, type Root } from './path-roots.ts'
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

export const createPathGate = (options: PathGateOptions): PathGate => new Gate(options)

/** An open folder, and where it really is. */
interface OpenFolder {
  readonly handle: FileHandle
  readonly at: string
}

interface NewFile {
  readonly folder: OpenFolder
  readonly root: Root
  readonly name: string
  readonly content: Buffer
  readonly mode: number
  readonly present: Present
}

/** What is done with a file that is there already. */
type Present = 'replace' | 'keep'

interface Written {
  readonly real: string
  /** False: a file of the name was there. */
  readonly created: boolean
}

/** A path by the handle of its folder where the system can say it so: nothing on the way to it can be swapped. */
const below = ({ handle, at }: OpenFolder, name: string): string => `${HAS_FD_PATHS ? `/proc/self/fd/${handle.fd}` : at}/${name}`

class Gate implements PathGate {
  readonly cwd: string
  readonly #roots: PathRoots
  readonly #mostRead: number
  readonly #mostWritten: number
  readonly #between: NonNullable<PathGateOptions['between']>

  constructor({ roots, protectedPaths, maxReadBytes = MAX_READ, maxWriteBytes = MAX_WRITE, between }: PathGateOptions) {
    this.#roots = new PathRoots(roots, protectedPaths)
    this.cwd = this.#roots.cwd
    this.#mostRead = maxReadBytes
    this.#mostWritten = maxWriteBytes
    this.#between = between ?? (() => {})
  }

  async readText(path: unknown, limits?: { maxBytes?: number }): ReturnType<PathGate['readText']> {
    const most = Math.min(limits?.maxBytes ?? MAX_READ, this.#mostRead)
    return await this.#read(path, (handle) => readFrom(handle, most))
  }

  async readBytes(path: unknown, { maxBytes }: { maxBytes: number }): ReturnType<PathGate['readBytes']> {
    return await this.#read(path, (handle) => readWhole(handle, maxBytes))
  }

  async writeText(path: unknown, content: string): ReturnType<PathGate['writeText']> {
    const bytes = Buffer.from(content, 'utf8')
    if (bytes.length > this.#mostWritten) refuse(`The text is larger than ${this.#mostWritten} bytes.`)
    const { real, created } = await this.#write(path, bytes, 'replace')
    return { path: await this.#roots.shown(real), bytes: bytes.length, created }
  }

  async writeNew(path: unknown, content: Buffer): ReturnType<PathGate['writeNew']> {
    const { real, created } = await this.#write(path, content, 'keep')
    return created ? { path: await this.#roots.shown(real), bytes: content.length } : null
  }

  async #read<T>(path: unknown, read: (handle: FileHandle) => Promise<T>): Promise<T> {
    const located = await this.#roots.locate(checkPathText(path, 'read'))
    await this.#between('checked')
    const handle = await this.#openToRead(located)
    try {
      return await read(handle)
    } finally {
      await handle.close()
    }
  }

  /** Names are stored composed; one that was made elsewhere may be decomposed. */
  async #openToRead({ root, names }: Located): Promise<FileHandle> {
    const composed = join(root.real, ...names.map((part) => part.normalize('NFC')))
    const asGiven = join(root.real, ...names)
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
        this.#roots.check(await realPathOf(handle, path), root, 'read')
        return handle
      } catch (error) {
        await handle.close()
        throw error
      }
    }
    return refuse('There is no such file.')
  }

  async #write(path: unknown, content: Buffer, present: Present): Promise<Written> {
    const { root, names } = await this.#roots.locate(checkPathText(path, 'write'))
    if (root.access !== 'write') refuse('This folder is read-only for the agent.')
    const composed = names.map((part) => part.normalize('NFC'))
    try {
      return await this.#writeBelow(root, composed, content, present)
    } catch (error) {
      throw error instanceof GateError ? error : new GateError(openProblem(error))
    }
  }

  /** Follows one link: `followed` says that this was done. */
  async #writeBelow(root: Root, names: readonly string[], content: Buffer, present: Present, followed = false): Promise<Written> {
    const name = names.at(-1) as string
    const folder = await this.#openFolder(root, names.slice(0, -1))
    try {
      const target = below(folder, name)
      await this.#between('checked')
      const found = await lstat(target).catch((error: unknown) =>
        codeOf(error) === 'ENOENT' ? undefined : refuse(openProblem(error)),
      )
      const real = join(folder.at, name)
      if (found !== undefined && present === 'keep') return { real, created: false }
      if (found?.isSymbolicLink() === true) {
        const linked = await realpath(target).catch(() => refuse('The path is a link that leads nowhere.'))
        if (followed) refuse('The path is a link to a link.')
        this.#roots.check(linked, root, 'write')
        return await this.#writeBelow(root, relative(root.real, linked).split(sep), content, present, true)
      }
      if (found !== undefined) checkKind(found)
      this.#roots.check(real, root, 'write')
      await this.#put({ folder, root, name, content, mode: found === undefined ? 0o644 : found.mode & 0o777, present })
      return { real, created: found === undefined }
    } finally {
      await folder.handle.close()
    }
  }

  /** Opens the folder that will hold a file, making what is missing. The handle is checked at every step. */
  async #openFolder(root: Root, names: readonly string[]): Promise<OpenFolder> {
    let folder: OpenFolder = { handle: await open(root.real, O_RDONLY | O_DIRECTORY), at: root.real }
    try {
      for (const name of names) {
        const path = below(folder, name)
        const handle = await this.#openOrMake(path)
        await folder.handle.close()
        // Should one of the following fail, it is this handle that is closed.
        folder = { handle, at: folder.at }
        folder = { handle, at: await realPathOf(handle, path) }
        this.#roots.check(folder.at, root, 'write', 'folder')
        await this.#between('opened-folder')
      }
      return folder
    } catch (error) {
      await folder.handle.close()
      throw error
    }
  }

  async #openOrMake(path: string): Promise<FileHandle> {
    try {
      return await open(path, O_RDONLY | O_DIRECTORY)
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') refuse(openProblem(error))
    }
    await mkdir(path).catch((problem: unknown) => {
      if (codeOf(problem) !== 'EEXIST') throw problem
    })
    await this.#between('made-folder')
    return await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW).catch((problem: unknown) => refuse(openProblem(problem)))
  }

  /** Writes beside the name and moves it there. */
  async #put(file: NewFile): Promise<void> {
    const { folder, root, present } = file
    const target = below(folder, file.name)
    const temporary = below(folder, `.claw-${randomBytes(9).toString('base64url')}.tmp`)
    const handle = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, file.mode)
    try {
      if (!HAS_FD_PATHS) this.#roots.check(await realPathOf(handle, temporary), root, 'write')
      await handle.writeFile(file.content)
      await handle.close()
      await this.#between('before-rename')
      if ((await realPathOf(folder.handle, folder.at)) !== folder.at) refuse('The folder was swapped meanwhile.')
      if (present === 'replace') await rename(temporary, target)
      else {
        // Fails where another file has got the name meanwhile.
        await link(temporary, target)
        await unlink(temporary)
      }
    } catch (error) {
      await handle.close().catch(() => {})
      await unlink(temporary).catch(() => {})
      throw error
    }
  }
}
