// Codes 0xx: texts, files and variables.

import type { Explanation } from './explanation.ts'

export const FILE_EXPLANATIONS = {
  CLAW001: {
    what: 'The text is not YAML.',
    why: 'Nothing in the file can be trusted to mean what it seems to mean.',
    fix: 'Look at the marked place and the line above it: a missing colon, quote or bracket, a tab, or uneven indentation.',
    before: 'agents:\n  main: { soul: You are terse.',
    after: 'agents:\n  main: { soul: You are terse. }',
  },
  CLAW002: {
    what: 'A key stands twice in one map.',
    why: 'One of the two would silently be ignored.',
    fix: 'Remove one, or merge what they hold.',
    before: 'agents:\n  main: { soul: You are terse. }\n  main: { soul: You are kind. }',
    after: 'agents:\n  main: { soul: You are terse and kind. }',
  },
  CLAW003: {
    what: 'A file that the configuration names does not exist or cannot be read.',
    why: 'The bot would start without its soul, script or secret.',
    fix: 'Correct the path, which is relative to the file that names it, or the permissions of the file.',
    before: 'agents:\n  main: { soul: agent/main/SOUL.md }',
    after: 'agents:\n  main: { soul: agents/main/SOUL.md }',
  },
  CLAW004: {
    what: 'The file is larger than 16 MiB, nested more than 100 levels deep, grows without end through aliases, or is not UTF-8.',
    why: 'Such a file is a mistake or an attack; reading on could take all memory.',
    fix: 'Save as UTF-8, split the file with `include`, and write repeated parts out.',
    before: 'a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]  # and so on, doubling each time',
    after: 'a: [x, x]',
  },
  CLAW005: {
    what: 'A file includes itself, directly or by way of others.',
    why: 'There is no order in which such files could be merged.',
    fix: 'Remove one include from the circle.',
    before: '# openclaw.yaml\ninclude: [team.yaml]\n# team.yaml\ninclude: [openclaw.yaml]',
    after: '# openclaw.yaml\ninclude: [team.yaml]\n# team.yaml has no include',
  },
  CLAW006: {
    what: 'The same key is defined in two files.',
    why: 'Which one counts would depend on the order of files.',
    fix: 'Keep one of the two; sections merge by key, and lists concatenate.',
    before: '# openclaw.yaml\nagents: { main: { soul: You are terse. } }\n# team.yaml\nagents: { main: { soul: You are kind. } }',
    after:
      '# openclaw.yaml\nagents: { main: { soul: You are terse. } }\n# team.yaml\nagents: { helper: { soul: You are kind. } }',
  },
  CLAW007: {
    what: 'A variable is used that is not set and has no default.',
    why: 'The value would be empty, and something far away would fail.',
    fix: 'Set it in the environment or in `.env` beside the file, or give a default.',
    before: 'gateway: { port: "${PORT}" }',
    after: 'gateway: { port: "${PORT:-18789}" }',
  },
  CLAW008: {
    what: 'A `${` starts something that is no variable.',
    why: 'It is not clear what should stand there.',
    fix: 'Write ${NAME}, ${NAME:-default} or ${NAME:?message}; $${text} stands for a literal ${text}.',
    before: 'agents:\n  main: { soul: "Price: ${2 + 3}" }',
    after: 'agents:\n  main: { soul: "Price: $${2 + 3}" }',
  },
  CLAW009: {
    what: 'The variable of a secret is not set here or empty, or the file that `{file: …}` names is not there or empty.',
    why: 'That is fine for a check without secrets; `claw run` and `claw validate --env` refuse it.',
    fix: 'Set it where the bot runs.',
    before: 'channels:\n  telegram: { token: "${TELEGRAM_BOT_TOKEN}" }',
    after: '# .env\n# TELEGRAM_BOT_TOKEN=…',
  },
  CLAW010: {
    what: 'A pattern under `include` matches no file.',
    why: 'Perhaps the folder has another name.',
    fix: 'Correct the pattern, which is relative to the file that names it, or remove it.',
    before: 'include: [team/*.yaml]',
    after: 'include: [teams/*.yaml]',
  },
  CLAW011: {
    what: 'A plugin has no folder, no package or no claw.plugin.json that can be read.',
    why: 'What it brings is known from its manifest alone: no code is run to find out.',
    fix: 'Correct the path, which is relative to the file that names it, or install the package there.',
    before: 'plugins: [./plugins/weather]',
    after: 'plugins: ["@acme/claw-weather"]',
  },
  CLAW012: {
    what: '`mcp.lock` in the state folder is not as `claw mcp accept` wrote it.',
    why: 'It says which tools of MCP servers the owner accepted; what was edited since was accepted by nobody.',
    fix: 'Move the file away, then accept the servers again: claw mcp accept NAME.',
    before: 'mcpServers:\n  files: { command: npx, args: ["-y", "@modelcontextprotocol/server-filesystem", "."] }',
    after:
      '# mcp.lock was moved away; claw mcp accept files\nmcpServers:\n  files: { command: npx, args: ["-y", "@modelcontextprotocol/server-filesystem", "."] }',
  },
} as const satisfies Record<string, Explanation>
