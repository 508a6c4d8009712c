/** The groups of operations, in the order in which somebody new to the API needs them. Each operation has one. */
export const TAGS: ReadonlyArray<{ readonly name: string; readonly description: string }> = [
  { name: 'Identity', description: 'Signing in and out, tokens, passwords' },
  { name: 'Users', description: 'Registration, profiles, who is who' },
  { name: 'Tenancy', description: 'Tenants, API keys, invitations, usage and the audit log' },
  { name: 'Rooms', description: 'Rooms, their members and who is connected to them' },
  { name: 'Messages', description: 'What is said in rooms: history, posting, reactions, search' },
  { name: 'Pages', description: 'Pages of HTML: writing, sharing, versions, delivery' },
  { name: 'Files', description: 'Files and images: upload, resumable upload, download, links' },
  { name: 'Operation', description: 'For whoever runs the server: health, metrics, the documents of this API' },
];
