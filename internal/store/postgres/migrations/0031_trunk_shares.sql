-- What each server may use of each trunk, so that all together stay within its channels and
-- its calls a second. Pace is calls in 1,000 seconds. By the clock of the database, a server
-- has to renew its share until lease_until.
CREATE TABLE trunk_shares (
	trunk       text COLLATE "C" NOT NULL,
	server      text COLLATE "C" NOT NULL,
	channels    integer NOT NULL,
	pace        integer NOT NULL,
	wants       boolean NOT NULL,
	lease_until bigint  NOT NULL,
	PRIMARY KEY (trunk, server)
);
