import t from 'tap'
import { loadText } from './helpers.ts'

t.test('a workspace among the engine’s own files is a mistake', async (t) => {
  const cases: readonly (readonly [workspace: string, wrong: boolean])[] = [
    ['.', false],
    ['work', false],
    ['.openclaw-work', false],
    ['.openclaw/workspace', false],
    ['.openclaw/workspace/x', false],
    ['.openclaw', true],
    ['.openclaw/agents', true],
    ['.openclaw/memory/x', true],
    ['.openclaw/workspaces', true],
    ['skills/mine', true],
    ['[{ path: work }, { path: .openclaw/channels, access: read }]', true],
  ]
  for (const [workspace, wrong] of cases) {
    const { diagnostics } = await loadText(t, `agents: { main: { soul: You are S., workspace: ${workspace} } }\n`)
    t.same(
      diagnostics.filter(({ code }) => code === 'CLAW409').map(({ path }) => path),
      wrong ? ['/agents/main/workspace'] : [],
      workspace,
    )
  }
})
