// Files and patterns in, a call for each change of content out. Listens to folders, and looks for itself now and then, so
// that nothing stays unseen: whatever the listening loses, the look finds. Lives until it is closed.

import type { FSWatcher } from 'chokidar'
import { messageOf } from '../errors.ts'
import { type Logger, silentLogger } from '../ports.ts'
import { expandGlob, isGlob } from './glob.ts'
import { isWatched, type WatchedFolders, watchedFolders } from './watch-folders.ts'
import { createStateReader, type FileState } from './watch-state.ts'

export interface WatchOptions {
  /** Absolute. A file that doesn't exist yet is waited for. */
  readonly paths: readonly string[]
  /** Absolute patterns; files that begin to match are noticed. */
  readonly patterns: readonly string[]
  /** Told the paths whose content is another; may throw, which is logged. */
  readonly onChange: (changed: readonly string[]) => void
  /** Quiet time before a look; default 50. */
  readonly debounceMs?: number
  /** The longest that a stream of events, or a file gone for a moment, holds a look back; default 500. */
  readonly maxWaitMs?: number
  /** Time between looks without an event; default 2,000. */
  readonly pollMs?: number
  /** When the files were read: what changed since, and before the first look, is told at once. */
  readonly since?: number
  readonly log?: Logger
}

export interface FileWatcher {
  /** What counts from now on. Files that stay keep their known content; what changed since they were read is told, even if it
   * changed back. */
  update(paths: readonly string[], patterns: readonly string[], since?: number): void
  /** Resolves when the folders are listened to. */
  ready(): Promise<void>
  close(): Promise<void>
}

/** Patterns that go deep are walked in every nth look without an event. */
const WALK_EVERY = 5
const REARM_MS = 1000
/** Times of files move in steps. */
const STEP_MS = 10
/** Equal to no content's hash. */
const UNSURE = 'unsure'
/** Listening that never says it is ready must not hold up the looks. */
const READY_MS = 5000

export function watchFiles(options: WatchOptions): FileWatcher {
  const { onChange, debounceMs = 50, maxWaitMs = 500, pollMs = 2000, log = silentLogger } = options
  const reader = createStateReader()
  let { paths, patterns } = options
  /** What was last told, or first seen. */
  let told = new Map<string, FileState>()
  let readAt = options.since ?? Number.POSITIVE_INFINITY
  let matched: readonly string[] = []
  let firstEventAt = 0
  let goneSince = 0
  let debounce: NodeJS.Timeout | undefined
  let pollTimer: NodeJS.Timeout | undefined
  let polls = 0
  let chain: Promise<unknown> = Promise.resolve()
  let closed = false
  let listening: { readonly watcher: FSWatcher; readonly key: string } | null = null
  let rearm: NodeJS.Timeout | undefined

  /** One thing at a time, and nothing that goes wrong ends the chain. */
  function inTurn(what: string, job: () => Promise<void>): Promise<void> {
    const next = chain.then(async () => {
      if (!closed) await job()
    })
    const safe = next.catch((error: unknown) =>
      log.warn({ error: messageOf(error) }, `Watching files: ${what} failed and will be tried again`),
    )
    chain = safe
    return safe
  }

  function onEvent(): void {
    if (closed) return
    const now = Date.now()
    if (debounce === undefined) firstEventAt = now
    clearTimeout(debounce)
    const wait = Math.max(0, Math.min(debounceMs, firstEventAt + maxWaitMs - now))
    debounce = setTimeout(() => {
      debounce = undefined
      void inTurn('a look', () => look(true))
    }, wait)
    debounce.unref()
  }

  async function look(walk: boolean): Promise<void> {
    if (walk) matched = await matches(patterns)
    const current = await readAll([...paths, ...matched])
    const changed = differences(told, current)
    if (changed.length > 0 && isPassing(changed, current)) return void onEvent()
    goneSince = 0
    if (changed.length > 0) {
      told = current
      readAt = Date.now()
      reader.forget(new Set(current.keys()))
      tell(changed)
    }
    if (walk) await listen()
  }

  /** Editors and deployments take a file away, or empty it, just before they write it: that is not yet the change. */
  function isPassing(changed: readonly string[], current: ReadonlyMap<string, FileState>): boolean {
    const now = Date.now()
    const gone = changed.some((path) => {
      const [before, after] = [told.get(path), current.get(path)]
      return before?.hash != null && !before.empty && (after?.hash == null || after.empty)
    })
    if (!gone) return false
    if (goneSince === 0) goneSince = now
    return now - goneSince < maxWaitMs
  }

  function tell(changed: readonly string[]): void {
    try {
      onChange(changed)
    } catch (error) {
      log.error({ error: messageOf(error) }, 'Watching files: what follows a change failed')
    }
  }

  async function readAll(list: readonly string[]): Promise<Map<string, FileState>> {
    const unique = [...new Set(list)]
    const states = await Promise.all(unique.map((path) => reader.read(path)))
    return new Map(unique.map((path, i) => [path, states[i] as FileState]))
  }

  /**
   * Takes new paths in with what they hold now, unless they changed after they were read for the configuration. `since`: when
   * all of them were last read for it. What changed after that may have been read as it was for a moment: nothing is known of
   * it, so that the next look tells it whatever it finds.
   */
  async function adopt(since = Number.POSITIVE_INFINITY): Promise<void> {
    matched = await matches(patterns)
    const current = await readAll([...paths, ...matched])
    const late: string[] = []
    let isUnsure = false
    for (const [path, state] of current) {
      const known = told.get(path)
      if (known === undefined) {
        if (state.hash !== null && state.changedAt >= readAt - STEP_MS) late.push(path)
      } else if (state.changedAt >= since - STEP_MS && state.changedAt !== known.changedAt) {
        current.set(path, { ...known, hash: UNSURE })
        isUnsure = true
      } else current.set(path, known)
    }
    told = current
    reader.forget(new Set(current.keys()))
    if (late.length > 0) {
      readAt = Date.now()
      tell(late)
    }
    if (isUnsure) onEvent()
    await listen()
  }

  async function listen(): Promise<void> {
    const wanted = await watchedFolders(paths, patterns)
    const key = [...wanted.folders, '', ...wanted.entries, '', ...wanted.open].join('\n')
    if (closed || listening?.key === key) return
    const before = listening
    const watcher = await startWatcher(wanted)
    listening = { watcher, key }
    await before?.watcher.close()
    // What happened before it listened is found by a look.
    onEvent()
  }

  async function startWatcher(wanted: WatchedFolders): Promise<FSWatcher> {
    const { watch } = await import('chokidar')
    const watcher = watch([...wanted.folders], {
      depth: 0,
      followSymlinks: false,
      ignoreInitial: true,
      atomic: false,
      ignored: (path) => !isWatched(wanted, path),
    })
    watcher.on('all', onEvent)
    watcher.on('error', (error) => {
      log.warn({ error: messageOf(error) }, 'Watching files: listening failed and will be set up again')
      if (listening?.watcher === watcher) listening = { watcher, key: '' }
      clearTimeout(rearm)
      rearm = setTimeout(() => void inTurn('listening', listen), REARM_MS)
      rearm.unref()
    })
    await new Promise<void>((resolve) => {
      watcher.once('ready', () => resolve())
      watcher.once('error', () => resolve())
      setTimeout(resolve, READY_MS).unref()
    })
    return watcher
  }

  function poll(): void {
    pollTimer = setTimeout(async () => {
      polls++
      // Walking a deep tree is dear, so it waits for an event or its turn; the folders may have changed unheard, too.
      await inTurn('a look', () => look(polls % WALK_EVERY === 0))
      if (!closed) poll()
    }, pollMs)
    pollTimer.unref()
  }

  const ready = inTurn('the first look', () => adopt()).then(() => {
    if (!closed) poll()
  })
  return {
    update(nextPaths, nextPatterns, since) {
      paths = nextPaths
      patterns = nextPatterns
      void inTurn('a look', () => adopt(since))
    },
    ready: () => ready,
    async close() {
      closed = true
      clearTimeout(debounce)
      clearTimeout(pollTimer)
      clearTimeout(rearm)
      await chain
      await listening?.watcher.close()
    },
  }
}

async function matches(patterns: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(patterns.map(async (pattern) => (isGlob(pattern) ? expandGlob(pattern, '/') : [pattern])))
  return found.flat()
}

function differences(before: ReadonlyMap<string, FileState>, after: ReadonlyMap<string, FileState>): string[] {
  const changed: string[] = []
  for (const [path, state] of after) if (before.get(path)?.hash !== state.hash) changed.push(path)
  for (const [path, state] of before) if (!after.has(path) && state.hash !== null) changed.push(path)
  return changed
}
