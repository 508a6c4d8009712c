import { Module } from '@nestjs/common';
import { TenancyModule } from '../tenancy/index.js';
import { RegistrationController } from './registration.controller.js';
import { RegistrationService } from './registration.service.js';
import { UserController } from './user.controller.js';
import { UserDirectory } from './user-directory.js';
import { UserRepository } from './user.repository.js';
import { UserService } from './user.service.js';

@Module({
  imports: [TenancyModule],
  controllers: [RegistrationController, UserController],
  providers: [RegistrationService, UserDirectory, UserRepository, UserService],
  exports: [RegistrationService, UserDirectory, UserService],
})
export class UsersModule {}
