/** The groups of operations, in the order in which somebody new to the API needs them. Each operation has one. */
export const TAGS: ReadonlyArray<{ readonly name: string; readonly description: string }> = [
  { name: 'Identity', description: 'Signing in and out, tokens, passwords' },
  { name: 'Users', description: 'Registration, profiles, who is who' },
  { name: 'Tenancy', description: 'Tenants, API keys, invitations, usage and the audit log' },
  { name: 'Rooms', description: 'Rooms, their members and who is connected to them' },
  { name: 'Messages', description: 'What is said in rooms: history, posting, reactions, search' },
  { name: 'Calls', description: 'The log of calls: who called, what was said, what came of it' },
  {
    name: 'Calls between users',
    description: 'One user rings another: starting, answering, ending; browsers find each other by the sockets',
  },
  { name: 'Recordings', description: 'Recordings of phone calls and their transcripts, and what the telephone provider tells of them' },
  { name: 'Assistant', description: 'Talking to the phone assistant, and what it did' },
  { name: 'Settings', description: 'How the phone assistant speaks and which tools it has, in all versions' },
  { name: 'FAQ', description: 'What callers ask and are told: the knowledge of the phone assistant' },
  { name: 'Tasks', description: 'What callers asked for, at a time' },
  { name: 'Files', description: 'Files and images: upload, resumable upload, download, links' },
  { name: 'Pages', description: 'Pages of HTML: writing, sharing, versions, delivery' },
  {
    name: 'Matching',
    description: 'Students meet speakers: master data, certificates, matchings, their messages and payments, notifications',
  },
  { name: 'Operation', description: 'For whoever runs the server: health, metrics, the documents of this API' },
];
