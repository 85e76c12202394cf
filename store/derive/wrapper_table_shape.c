/* Shapes of click trackers that are used under their customers' own host names, tried last. A
 * shape that could be anything else counts only where its target can be read, or where it has a
 * mark of its own. */
#include "store/derive/wrapper_table.h"

static const struct wrapper_rule rules[] = {
	{"aws-ses", "Amazon SES", .kind = WRAPPER_ESP, HOSTS("*"), PATHS("/CL0/**", "/L0/**"),
		TARGET("path:2 percent"), PARTS(MAYBE("path:4"), OTHER("path:5"))},
	{"mandrill", "Mailchimp Transactional (Mandrill)", .kind = WRAPPER_ESP, HOSTS("*"),
		PATHS("/track/click/**"), TARGET("query:p base64 json:p json:url"),
		PARTS(ACCOUNT("path:3"), MAYBE("query:p base64 json:p json:id"),
			LINK("query:p base64 json:p json:url_ids"))},
	/* One byte of key number, 32 of HMAC-SHA256, then JSON by raw deflate: the recipient r,
	 * the message m, the target u. */
	{"halon", "Halon", .kind = WRAPPER_ESP, HOSTS("*"),
		TARGET("any long:48 base64 skip:33 inflate json:u"),
		PARTS(RECIPIENT("any long:48 base64 skip:33 inflate json:r"),
			MAYBE("any long:48 base64 skip:33 inflate json:m"))},
	/* Only partly understood: where a URL stands in the token it is the claim. */
	{"mailgun", "Mailgun", .kind = WRAPPER_ESP, HOSTS("*"), PATHS("/c/eJ*/**"),
		TARGET("path:2 base64 zlib param:l percent", "path:2 base64 zlib url"),
		PARTS(RECIPIENT("path:2"))},
	{"mailgun", "Mailgun", .kind = WRAPPER_ESP, .opaque = true, HOSTS("*"), PATHS("/c/eJ*"),
		NEEDS("path:2 long:40 base64"), PARTS(RECIPIENT("path:2"))},
	{"sendgrid", "Twilio SendGrid (or Klaviyo, Braze through it)", .kind = WRAPPER_ESP,
		.opaque = true, HOSTS("*"), PATHS("/ls/click", "/wf/click"),
		NEEDS("query:upn long:20"), PARTS(RECIPIENT("query:upn"))},
	{"sophos-appliance", "Sophos Email Appliance", .kind = WRAPPER_SECURITY, HOSTS("*"),
		TARGET("query base64 starts:ver= param:url percent"), PARTS(MAYBE("query"))},
	{"salesforce", "Salesforce Marketing Cloud", .kind = WRAPPER_ESP, .opaque = true,
		HOSTS("*"), PATHS("/"), NEEDS("query:qs long:64 hex"),
		PARTS(RECIPIENT("query:qs"))},
	{"mailchannels", "MailChannels", .kind = WRAPPER_ESP, .opaque = true, HOSTS("*"),
		PATHS("/*/*/*"), NEEDS("query:v starts:2", "path:3 long:64 base64"),
		PARTS(RECIPIENT("path:3"))},
	{"beehiiv", "beehiiv", .kind = WRAPPER_ESP, .opaque = true, HOSTS("*"),
		PATHS("/ss/c/**"), NEEDS("path:3 long:20"), PARTS(RECIPIENT("path:3"))},
};

const struct wrapper_table wrapper_table_shape = {rules, sizeof rules / sizeof *rules};
