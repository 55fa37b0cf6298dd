import java.io.BufferedInputStream;
import java.io.FileInputStream;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** Reads an archive from front to back, as the product's restore does, and prints "sha256 bytes name" for each entry. */
class ReadZip {
    public static void main(String[] args) throws Exception {
        for (String file : args) {
            try (ZipInputStream zip = new ZipInputStream(new BufferedInputStream(new FileInputStream(file), 1 << 20))) {
                byte[] buffer = new byte[1 << 16];
                for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                    MessageDigest digest = MessageDigest.getInstance("SHA-256");
                    long bytes = 0;
                    for (int read = zip.read(buffer); read >= 0; read = zip.read(buffer)) {
                        digest.update(buffer, 0, read);
                        bytes += read;
                    }
                    StringBuilder hex = new StringBuilder();
                    for (byte value : digest.digest()) {
                        hex.append(String.format("%02x", value));
                    }
                    System.out.println(hex + " " + bytes + " " + entry.getName());
                }
            }
        }
    }
}
