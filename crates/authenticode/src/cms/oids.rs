//! Object identifiers of PKCS #7, PKCS #9 and Authenticode.

use crate::oid::Oid;

/// `id-signedData`.
pub const SIGNED_DATA: Oid = Oid::new("1.2.840.113549.1.7.2");
/// `id-data`.
pub const DATA: Oid = Oid::new("1.2.840.113549.1.7.1");
/// `SPC_INDIRECT_DATA_OBJID`.
pub const INDIRECT_DATA: Oid = Oid::new("1.3.6.1.4.1.311.2.1.4");
/// `SPC_PE_IMAGE_DATA_OBJID`.
pub const PE_IMAGE_DATA: Oid = Oid::new("1.3.6.1.4.1.311.2.1.15");
/// `id-ct-TSTInfo`.
pub const TIMESTAMP_INFO: Oid = Oid::new("1.2.840.113549.1.9.16.1.4");
/// `id-contentType`.
pub const CONTENT_TYPE: Oid = Oid::new("1.2.840.113549.1.9.3");
/// `id-messageDigest`.
pub const MESSAGE_DIGEST: Oid = Oid::new("1.2.840.113549.1.9.4");
/// `id-signingTime`.
pub const SIGNING_TIME: Oid = Oid::new("1.2.840.113549.1.9.5");
/// `id-countersignature`: the timestamps of before RFC 3161.
pub const COUNTER_SIGNATURE: Oid = Oid::new("1.2.840.113549.1.9.6");
/// Microsoft's attribute for a timestamp of RFC 3161.
pub const TIMESTAMP: Oid = Oid::new("1.3.6.1.4.1.311.3.3.1");
/// Microsoft's attribute for a further signature; firmware does not look at it.
pub const NESTED_SIGNATURE: Oid = Oid::new("1.3.6.1.4.1.311.2.4.1");
