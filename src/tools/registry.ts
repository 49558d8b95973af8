// The tools that ship, one a line. Only what every tool needs is loaded here: a library loads when its tool first runs.

import { browser } from './browser/browser.ts'
import { readFile } from './files/read-file.ts'
import { writeFile } from './files/write-file.ts'
import { memoryForget } from './memory/memory-forget.ts'
import { memoryGet } from './memory/memory-get.ts'
import { memorySearch } from './memory/memory-search.ts'
import { saveMemory } from './memory/save-memory.ts'
import type { ToolDefinition } from './port.ts'
import { sessionsSpawn } from './sessions/sessions-spawn.ts'
import { bash } from './shell/bash.ts'
import { skill } from './skills/skill.ts'
import { webFetch } from './web/web-fetch.ts'
import { webSearch } from './web/web-search.ts'

export const builtinTools: readonly ToolDefinition[] = [
  bash,
  readFile,
  writeFile,
  webFetch,
  webSearch,
  saveMemory,
  memorySearch,
  memoryGet,
  memoryForget,
  sessionsSpawn,
  skill,
  browser,
]
