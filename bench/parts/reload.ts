// A one-line edit: from save to live, the reload itself, and the longest time the engine answered nothing meanwhile.

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Row, sample } from '../measure.ts'
import { instantModel, type Part } from '../part.ts'
import { call, type Server, startClaw } from '../process.ts'

const DEBOUNCE_MS = 50

export const reload: Part = {
  name: 'reload',
  async run({ n, quick, folder }) {
    const rows: Row[] = []
    for (const size of quick ? [1, 100] : [1, 100, 10_000]) {
      const model = await instantModel()
      const cwd = await folder({ 'openclaw.yaml': '' })
      const files = filesOf(size)
      for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, name), text)
      const yaml = (soul: string): string =>
        model.yaml(
          `agents: { main: { soul: ${soul} } }\nrouting: { defaultAgent: main }\n${size > 1 ? 'include: "rules-*.yaml"\n' : ''}`,
        )
      await writeFile(join(cwd, 'openclaw.yaml'), yaml('S0'))
      const claw = await startClaw(cwd)
      try {
        const live: number[] = []
        const took: number[] = []
        const pauses: number[] = []
        for (let i = 1; i <= n(10, 4); i++) {
          const result = await oneEdit(claw, cwd, () => writeFile(join(cwd, 'openclaw.yaml'), yaml(`S${i}`)))
          // The first one loads code.
          if (i === 1) continue
          live.push(result.liveMs)
          took.push(result.reloadMs)
          pauses.push(result.pauseMs)
        }
        const objects = `${size.toLocaleString('en')} object${size === 1 ? '' : 's'}`
        rows.push({
          part: 'reload',
          name: `save to live, ${objects}`,
          unit: 'ms',
          ours: sample(live),
          ...(size <= 100 ? { target: { kind: 'most', value: size === 100 ? 60 + DEBOUNCE_MS : 300 } as const } : {}),
        })
        rows.push({
          part: 'reload',
          name: `reload, ${objects}`,
          unit: 'ms',
          ours: sample(took),
          ...(size === 10_000 ? { target: { kind: 'most', value: 500 } as const } : {}),
        })
        rows.push({
          part: 'reload',
          name: `longest pause, ${objects}`,
          unit: 'ms',
          ours: sample(pauses),
          target: { kind: 'most', value: size === 10_000 ? 20 : 5 },
        })
      } finally {
        await claw.stop()
        await model.api.close()
      }
    }
    return rows
  },
}

/** Rules in twenty files, 70% by ids, 28% by patterns with a literal, 2% without. */
function filesOf(size: number): Record<string, string> {
  if (size === 1) return {}
  const files: Record<string, string> = {}
  const each = Math.ceil(size / 20)
  for (let file = 0; file < 20; file++) {
    const rules = Array.from({ length: Math.min(each, size - file * each) }, (_, i) => {
      const id = file * each + i
      if (id % 50 === 0) return `    - { pattern: "[a-z]{${20 + (id % 9)}}[0-9]", agentId: main }`
      return id % 10 < 7
        ? `    - { channelId: http, userId: "u${id}", agentId: main }`
        : `    - { pattern: "word${id}", agentId: main }`
    })
    if (rules.length > 0) files[`rules-${String(file).padStart(2, '0')}.yaml`] = `routing:\n  rules:\n${rules.join('\n')}\n`
  }
  return files
}

async function oneEdit(
  claw: Server,
  cwd: string,
  save: () => Promise<void>,
): Promise<{ liveMs: number; reloadMs: number; pauseMs: number }> {
  const before = await generationOf(claw)
  let done = false
  let pause = 0
  // What a caller sees: the longest time without an answer, less the usual round trip.
  const usual = await roundTrip(claw)
  const pinging = (async () => {
    while (!done) pause = Math.max(pause, (await roundTrip(claw)) - usual)
  })()
  const started = performance.now()
  await save()
  while (!(await readFile(join(cwd, '.openclaw/last-good/manifest.json'), 'utf8').catch(() => '')).includes('configHash'))
    await tick()
  while ((await generationOf(claw)) === before) await tick()
  const liveMs = performance.now() - started
  done = true
  await pinging
  const status = JSON.parse((await call(claw.url, 'GET', '/status')).body) as { lastReload: { durationMs: number } | null }
  await new Promise((resolve) => setTimeout(resolve, 100))
  return { liveMs, reloadMs: status.lastReload?.durationMs ?? Number.NaN, pauseMs: pause }
}

const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1))

async function roundTrip(claw: Server): Promise<number> {
  const started = performance.now()
  await call(claw.url, 'GET', '/healthz')
  return performance.now() - started
}

async function generationOf(claw: Server): Promise<number> {
  return (JSON.parse((await call(claw.url, 'GET', '/status')).body) as { generation: number }).generation
}
