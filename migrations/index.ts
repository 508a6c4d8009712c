import type { MigrationInterface } from 'typeorm';
import { CreateRoles1763600000000 } from './1763600000000-CreateRoles.js';
import { CreateTenancyAndIdentity1763600100000 } from './1763600100000-CreateTenancyAndIdentity.js';
import { CreateRooms1763600200000 } from './1763600200000-CreateRooms.js';
import { CreateJobs1763600300000 } from './1763600300000-CreateJobs.js';
import { CreateCalls1763600400000 } from './1763600400000-CreateCalls.js';
import { CreateKnowledge1763600500000 } from './1763600500000-CreateKnowledge.js';
import { CreateAssistant1763600600000 } from './1763600600000-CreateAssistant.js';
import { CreateFiles1763600700000 } from './1763600700000-CreateFiles.js';
import { CreatePages1763600800000 } from './1763600800000-CreatePages.js';
import { CreateRinging1763600900000 } from './1763600900000-CreateRinging.js';
import { CreateMatching1763601000000 } from './1763601000000-CreateMatching.js';
import { CreateMeetings1763601100000 } from './1763601100000-CreateMeetings.js';
import { VersionFaqTerms1763601210000 } from './1763601210000-VersionFaqTerms.js';
import { NameNodesOfRunners1763601250000 } from './1763601250000-NameNodesOfRunners.js';
import { KeepTakesOfEndedAccounts1763601350000 } from './1763601350000-KeepTakesOfEndedAccounts.js';

/** Every migration, oldest first; listed, so that a build without one does not compile. */
export const MIGRATIONS: Array<new () => MigrationInterface> = [
  CreateRoles1763600000000,
  CreateTenancyAndIdentity1763600100000,
  CreateRooms1763600200000,
  CreateJobs1763600300000,
  CreateCalls1763600400000,
  CreateKnowledge1763600500000,
  CreateAssistant1763600600000,
  CreateFiles1763600700000,
  CreatePages1763600800000,
  CreateRinging1763600900000,
  CreateMatching1763601000000,
  CreateMeetings1763601100000,
  VersionFaqTerms1763601210000,
  NameNodesOfRunners1763601250000,
  KeepTakesOfEndedAccounts1763601350000,
];
