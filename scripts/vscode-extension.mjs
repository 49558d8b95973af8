// Packs editors/vscode into dist/*.vsix: its libraries are installed in a copy, and the packer of VS Code writes the file.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'claw-vscode-'))
try {
  cpSync(join(root, 'editors/vscode'), folder, { recursive: true })
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'))
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const run = (command, ...args) => execFileSync(command, args, { cwd: folder, stdio: 'inherit' })
  run('npm', 'install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund')
  run('npx', '--yes', '@vscode/vsce@3', 'package', '--out', join(root, `dist/${name}-${version}.vsix`))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
