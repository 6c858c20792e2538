# Authentication.
