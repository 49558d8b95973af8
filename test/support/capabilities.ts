// What a tool gets in its own tests: the machine's clock, a temporary folder as workspace, and the real gates. Every name
// stands for a public address, and connections to it arrive at this machine, on the port that was asked for.

import { join } from 'node:path'
import { SHARED } from '../../src/memory/scopes.ts'
import { createMemory, memoryView } from '../../src/memory/store.ts'
import { createNetworkGate } from '../../src/permissions/network.ts'
import { createPathGate } from '../../src/permissions/paths.ts'
import { createShellRunner } from '../../src/permissions/run.ts'
import { createSandbox } from '../../src/permissions/sandbox.ts'
import { silentLogger, systemClock } from '../../src/ports.ts'
import type { ToolCapabilities } from '../../src/tools/port.ts'

export function makeCapabilities(folder: string, parts: Partial<ToolCapabilities<unknown>> = {}): ToolCapabilities<unknown> {
  const clock = parts.clock ?? systemClock
  const roots = [{ path: join(folder, 'work'), access: 'write' as const }]
  return {
    agent: { id: 'main', name: 'main' },
    session: { key: 'agent:main:http:u', channelId: 'http', userId: 'u' },
    signal: new AbortController().signal,
    clock,
    log: silentLogger,
    paths: createPathGate({ roots, protectedPaths: [] }),
    network: createNetworkGate({
      denyHosts: ['denied.example'],
      resolve: async () => ['93.184.216.34'],
      dial: (_, port) => ({ host: '127.0.0.1', port, secure: false }),
    }),
    shell: createShellRunner({
      roots,
      protectedPaths: [],
      sandbox: createSandbox(),
      mode: 'off',
      network: [],
      redact: (text) => text,
    }),
    memory: memoryView(createMemory({ folder: join(folder, 'memory'), clock }).of, { write: SHARED, read: [SHARED] }),
    isOutsideFile: async () => false,
    browser: { act: async () => ({ content: 'no browser' }), close: async () => {} },
    skills: [],
    spawn: async ({ agent, prompt, timeoutMs }) => ({
      sessionKey: `agent:${agent}:spawn:1`,
      text: `${agent} (${timeoutMs}): ${prompt}`,
      isError: false,
    }),
    idempotencyKey: 'call-1',
    settings: undefined,
    ...parts,
  }
}
