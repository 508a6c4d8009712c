import { describeTwoNodes } from './two-nodes.suite.js';

describeTwoNodes('PostgreSQL', () => ({ SOCKET_ADAPTER: 'postgres' }));
