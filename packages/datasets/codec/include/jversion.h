/* What libjpeg-turbo's table of messages has of its own version and its authors; LICENSE.md names them. */
#define JVERSION "6b"
#define JCOPYRIGHT_SHORT "LICENSE.md"
