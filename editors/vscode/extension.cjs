// Starts `claw lsp` for folders that hold an openclaw.yaml, and hands it their YAML files.

const { workspace } = require('vscode')
const { LanguageClient } = require('vscode-languageclient/node')

let client

exports.activate = async () => {
  const settings = workspace.getConfiguration('claw')
  const folder = workspace.workspaceFolders?.[0]?.uri.fsPath
  const server = {
    command: settings.get('command'),
    args: settings.get('arguments'),
    options: { cwd: folder, shell: process.platform === 'win32' },
  }
  client = new LanguageClient('claw', 'claw', server, {
    documentSelector: [{ scheme: 'file', language: 'yaml' }],
    synchronize: { fileEvents: workspace.createFileSystemWatcher('**/*.{yaml,yml,md,env}') },
  })
  await client.start()
}

exports.deactivate = () => client?.stop()
