import { User } from './user.entity.js';

export { type ForeignPerson, type Registration, RegistrationService } from './registration.service.js';
export { JOBS, USER_TYPES, type UserType } from './user-profile.js';
export { type Standing, UserStanding } from './user-standing.js';
export { UserDirectory } from './user-directory.js';
export { User } from './user.entity.js';
export type * from './user.events.js';
export type { UserName } from './user.repository.js';
export { UserService } from './user.service.js';
export { MessageAnswerView, toUserView, UserInfoView, UserView } from './user.view.js';
export { UsersModule } from './users.module.js';

/** The entity classes of this module. */
export const USERS_ENTITIES = [User];
