import { Certificate } from './certificate/certificate.entity.js';
import { Matching } from './matching.entity.js';
import { Meeting } from './meeting/meeting.entity.js';
import { Notification } from './notification/notification.entity.js';
import { Payment } from './payment/payment.entity.js';

export { CertificateService } from './certificate/certificate.service.js';
export { Matching, type MatchingStatus } from './matching.entity.js';
export { MatchingModule } from './matching.module.js';
export { MatchingService } from './matching.service.js';
export { NOTIFICATION_EVENTS } from './notification/notification.events.js';
export { type NewNotification, NotificationService } from './notification/notification.service.js';
export { PaymentService } from './payment/payment.service.js';

/** The entity classes of this module. */
export const MATCHING_ENTITIES = [Certificate, Matching, Meeting, Notification, Payment];
